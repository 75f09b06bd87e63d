#include "generate/trace_set.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "data/grading.h"
#include "formats/jsonl.h"

namespace deepscaler {
namespace {

using nlohmann::ordered_json;

// Counts the response, and returns its trace where it is right and whole.
std::optional<std::string> accepted_trace(const ordered_json& line, TraceCounts& counts) {
  ++counts.traces;
  if (line["finish_reason"] == "length") {
    ++counts.truncated;
  } else if (line["correct"].is_null()) {
    ++counts.open;
  } else if (line["correct"] == false) {
    ++counts.wrong;
  } else {
    const auto& text = line["text"].get_ref<const std::string&>();
    return trace_of_response(text, line["prompt_opened_thinking"] == true);
  }
  return std::nullopt;
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

TraceCounts write_trace_set(const std::filesystem::path& generations, const std::vector<Problem>& problems,
                            const std::filesystem::path& output) {
  TraceCounts counts = {.records = std::ssize(problems)};
  std::vector<std::vector<std::string>> texts(problems.size());
  JsonlReader lines(generations);
  for (ordered_json line; lines.next(line);) {
    if (auto trace = accepted_trace(line, counts)) {
      texts[line["index"].get<size_t>()].push_back(std::move(*trace));
    }
  }
  if (counts.accepted() == 0) {
    throw Error(generations.string(), "has no response that is right and whole: " + describe(counts),
                "sample more, or allow longer responses");
  }
  AtomicFile file(output);
  for (size_t i = 0; i < problems.size(); ++i) {
    if (texts[i].empty()) continue;
    file.write(trace_record_line(problems[i], texts[i]));
  }
  file.commit();
  return counts;
}

}  // namespace deepscaler
