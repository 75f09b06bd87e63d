// The output of `generate`: a line a response, written when the response is done, so that a stopped or
// killed program has lost nothing that was finished. When all are there the lines are put in input order.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/prompts.h"
#include "formats/jsonl.h"
#include "infer/generator.h"
#include "infer/stop_strings.h"

namespace deepscaler {

class GenerationFile {
 public:
  // `settings` are the keys that all lines share and that a resumed run must share too; `prompts` and
  // `stop` must outlive this object.
  GenerationFile(std::string path, const nlohmann::ordered_json& settings, const std::vector<Prompt>& prompts,
                 const StopStrings& stop);

  ~GenerationFile();

  // Takes over the lines of an earlier run, if there are any; an unfinished last one is cut off. Throws
  // Error for a line that these prompts, samples and settings would not have given.
  void resume(int64_t samples);

  [[nodiscard]] bool has(int64_t prompt, int64_t sample) const { return names_.contains({prompt, sample}); }
  [[nodiscard]] int64_t lines() const { return static_cast<int64_t>(order_.size()); }

  void add(int64_t prompt, int64_t sample, const std::string& text, const Generation& generation);

  // Puts the lines in order; call it when all are there.
  void finish();

 private:
  using Name = std::pair<int64_t, int64_t>;  // prompt, sample

  Name read_name(const nlohmann::ordered_json& line, int64_t samples, const std::string& where) const;
  void check_settings(const nlohmann::ordered_json& line, const std::string& where) const;
  void remember(Name name, const std::string& where);

  std::string path_;
  std::unique_ptr<const nlohmann::ordered_json> settings_;
  const std::vector<Prompt>& prompts_;
  const StopStrings& stop_;
  std::optional<JsonlWriter> writer_;  // opened with the first line: bad input leaves an old file alone
  std::set<Name> names_;
  std::vector<Name> order_;  // of the lines in the file
};

}  // namespace deepscaler
