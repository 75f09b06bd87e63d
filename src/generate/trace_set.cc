#include "generate/trace_set.h"

#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "data/grading.h"
#include "formats/jsonl.h"

namespace deepscaler {
namespace {

using nlohmann::ordered_json;

TraceCandidate candidate_of(const ordered_json& line) {
  const ordered_json& correct = line["correct"];
  return {.text = line["text"].get_ref<const std::string&>(),
          .tokens = std::ssize(line["token_ids"]),
          .truncated = line["finish_reason"] == "length",
          .correct = correct.is_null() ? std::nullopt : std::optional(correct.get<bool>()),
          .reward = std::nullopt};
}

}  // namespace

std::string trace_record_line(const Problem& problem, const std::vector<std::string>& texts) {
  ordered_json record = {{"id", problem.id}, {"problem", problem.problem}};
  record["answer"] =
      problem.answers.size() == 1 ? ordered_json(problem.answers[0]) : ordered_json(problem.answers);
  if (problem.grader != Grader::kAnswer) record["grader"] = grader_name(problem.grader);
  record["generations"] = texts;
  return record.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string trace_of_response(const std::string& text, bool prompt_opened_thinking) {
  return prompt_opened_thinking ? "<think>\n" + text : text;
}

std::string write_trace_set(const std::filesystem::path& generations, const std::vector<Problem>& problems,
                            const TraceFilterConfig& filter, const std::filesystem::path& output) {
  int64_t responses = 0, kept = 0;
  std::map<std::string, int64_t> reasons;
  std::vector<std::vector<std::string>> texts(problems.size());
  JsonlReader lines(generations);
  for (ordered_json line; lines.next(line); ++responses) {
    const TraceCandidate candidate = candidate_of(line);
    auto& traces = texts[line["index"].get<size_t>()];
    const std::string reason = rejection(filter, candidate, std::ssize(traces));
    if (!reason.empty()) {
      ++reasons[reason];
      continue;
    }
    traces.push_back(trace_of_response(std::string(candidate.text), line["prompt_opened_thinking"] == true));
    ++kept;
  }
  const std::string summary = describe_rejections(responses, reasons);
  if (kept == 0) {
    throw Error(generations.string(), "has no response for a data set: the filter " + summary,
                "sample more, or allow longer responses");
  }
  AtomicFile file(output);
  for (size_t i = 0; i < problems.size(); ++i) {
    if (!texts[i].empty()) file.write(trace_record_line(problems[i], texts[i]));
  }
  file.commit();
  return summary;
}

}  // namespace deepscaler
