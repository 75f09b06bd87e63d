#include "corpus/look.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/nearest.h"
#include "corpus/corpus_layout.h"
#include "formats/jsonl.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

// As a word where it is one, else as JSON.
std::string value_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string record_text(const Json& record) {
  std::string text = fmt::format("{} ({})\n{}\n", value_text(record["id"]), value_text(record["kind"]),
                                 value_text(record["problem"]));
  if (!record["answer"].is_null()) text += fmt::format("answer: {}\n", value_text(record["answer"]));
  return text;
}

std::string evidence_text(const Json& evidence) {
  std::string text;
  for (const auto& [key, value] : evidence.items()) text += fmt::format("  {}: {}\n", key, value_text(value));
  return text;
}

}  // namespace

std::string funnel_text(std::span<const SummarizedStep> steps) {
  std::string text = fmt::format("{:<16} {:>9} {:>9}   {}\n", "step", "in", "out", "dropped");
  for (const SummarizedStep& step : steps) {
    std::vector<std::string> reasons;
    for (const auto& [reason, count] : step.summary.dropped)
      reasons.push_back(fmt::format("{} {}", count, reason));
    text += fmt::format("{:<16} {:>9} {:>9}   {}\n", step.summary.kind, step.summary.records_in,
                        step.summary.records_out, fmt::join(reasons, ", "));
    for (const auto& [name, count] : step.summary.figures) {
      if (count > 0) text += fmt::format("{:<16} {:>9} {}\n", "", count, name);
    }
  }
  for (size_t end; (end = text.find(" \n")) != std::string::npos;) text.erase(end, 1);
  return text;
}

std::string dropped_text(std::span<const SummarizedStep> steps, const std::string& reason, int64_t limit) {
  std::vector<std::string> reasons;
  int64_t all = 0;
  for (const SummarizedStep& step : steps) {
    for (const auto& [name, count] : step.summary.dropped) {
      if (std::ranges::count(reasons, name) == 0) reasons.push_back(name);
      all += name == reason ? count : 0;
    }
  }
  if (all == 0) {
    throw Error("--dropped", fmt::format("nothing was dropped as \"{}\"", reason),
                reasons.empty() ? "nothing was dropped at all" : suggest_name(reason, reasons));
  }
  std::string text;
  int64_t shown = 0;
  for (const SummarizedStep& step : steps) {
    JsonlReader lines(StepLayout{step.folder}.dropped());
    for (Json line; shown < limit && lines.next(line);) {
      if (line["reason"] != reason) continue;
      ++shown;
      text += record_text(line["record"]) + evidence_text(line["evidence"]) + "\n";
    }
  }
  return text + fmt::format("{} of {} dropped as {}\n", shown, all, reason);
}

}  // namespace deepscaler
