// An evaluation in the files of other programs, for tables and plots that read those.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "eval/report.h"

namespace deepscaler {

// A form of results: what it writes into a folder that is there and empty. Throws Error where the disk
// refuses.
struct ResultsForm {
  std::string_view name;
  void (*write)(const std::filesystem::path& folder, const EvalReport& report);
};

// - lm-eval (0.4): results.json and, for each set, samples_SET.jsonl with the key "exact_match" and the
// sample's text;
// - lighteval (0.11): results.json.
// A set is a task, by its name in small letters and underscores. A sample that the verifier could not decide
// is in no figure.
[[nodiscard]] std::span<const ResultsForm> results_forms();
// The one of that name; throws Error naming those there are.
[[nodiscard]] const ResultsForm& find_results_form(std::string_view name);

}  // namespace deepscaler
