#include "data/trace.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "base/thoughts.h"
#include "base/trim.h"
#include "data/dataset.h"
#include "data/grading.h"
#include "verify/boxes.h"
#include "verify/extract.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

// The keys of thoughts and of what follows them.
constexpr std::pair<const char*, const char*> kThoughtKeys[] = {{"deepseek_reasoning", "deepseek_solution"},
                                                                {"reasoning_content", "content"}};

bool has(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && !found->is_null();
}

const std::string& text_of(const Json& record, const char* key, const std::string& where) {
  if (!has(record, key) || !record[key].is_string()) {
    throw Error(where, fmt::format("its \"{}\" is not a text", key), "correct it, or leave the record out");
  }
  return record[key].get_ref<const std::string&>();
}

// What stands between two marks; nothing where one of them is missing.
std::optional<std::string_view> between(std::string_view text, std::string_view open,
                                        std::string_view close) {
  const size_t begin = text.find(open);
  if (begin == std::string_view::npos) return std::nullopt;
  const size_t end = text.find(close, begin + open.size());
  if (end == std::string_view::npos) return std::nullopt;
  return text.substr(begin + open.size(), end - begin - open.size());
}

// A list beside the generations, one element for each; null where there is none.
const Json& list_of(const Json& record, const char* key, size_t generations, const std::string& where) {
  static const Json none;
  if (!has(record, key)) return none;
  const Json& list = record[key];
  if (!list.is_array() || list.size() != generations) {
    throw Error(where, fmt::format("its \"{}\" is not a list of one for each of \"generations\"", key),
                "correct it, or leave the record out");
  }
  return list;
}

std::vector<Trace> read_generations(const Json& record, const std::string& where) {
  const Json& texts = record["generations"];
  const auto fail = [&] {
    throw Error(where, "its \"generations\" is not a list of texts", "correct it, or leave the record out");
  };
  if (!texts.is_array()) fail();
  const Json& verified = list_of(record, "correctness_math_verify", texts.size(), where);
  const Json& judged = list_of(record, "correctness_llama", texts.size(), where);
  const Json& whole = list_of(record, "is_reasoning_complete", texts.size(), where);
  const Json& reasons = list_of(record, "finish_reasons", texts.size(), where);
  std::vector<Trace> traces;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (!texts[i].is_string()) fail();
    Trace trace = {.text = texts[i].get<std::string>()};
    for (const Json* list : {&verified, &judged}) {
      if (!trace.stated && list->is_array() && (*list)[i].is_boolean()) trace.stated = (*list)[i].get<bool>();
    }
    const bool said = (whole.is_array() && whole[i] == false) ||
                      (reasons.is_array() && reasons[i].is_string() && reasons[i] == "length");
    trace.complete = !said && !breaks_off(trace.text);
    traces.push_back(std::move(trace));
  }
  return traces;
}

Trace read_thoughts(const Json& record, const char* thoughts, const char* answer, const std::string& where) {
  const std::string& thought = text_of(record, thoughts, where);
  const std::string& text = text_of(record, answer, where);
  const bool cut = has(record, "finish_reason") && record["finish_reason"] == "length";
  return {.text = with_thoughts(thought, text), .complete = !cut && !trim(text).empty()};
}

// The answers to compare with: the record's, else that in the boxes of its worked solution.
void add_boxed_answer(const Json& record, Problem& problem) {
  if (!problem.answers.empty()) return;
  for (const char* key : {"ground_truth_solution", "solution"}) {
    if (!has(record, key) || !record[key].is_string()) continue;
    Extraction boxed = extract_boxed(record[key].get_ref<const std::string&>());
    if (boxed.found != Extraction::Found::answer) continue;
    problem.answers = {std::move(boxed.text)};
    return;
  }
}

}  // namespace

bool breaks_off(std::string_view text) {
  return !after_thinking(text, /*prompt_opened_thinking=*/false).finished;
}

std::optional<TraceRecord> read_traces(const Json& record, const std::string& where) {
  if (!record.is_object() || !(has(record, "problem") || has(record, "question"))) return std::nullopt;
  TraceRecord result;
  if (has(record, "generations")) {
    result.traces = read_generations(record, where);
  } else {
    for (const auto& [thoughts, answer] : kThoughtKeys) {
      if (!has(record, thoughts)) continue;
      result.traces.push_back(read_thoughts(record, thoughts, answer, where));
      break;
    }
    if (result.traces.empty()) return std::nullopt;
  }
  result.problem = read_problem(record, where, "", Answers::kOptional);
  add_boxed_answer(record, result.problem);
  return result;
}

std::vector<std::string> choose_traces(TraceRecord&& record, TraceChoice choice, TraceCounts& counts) {
  ++counts.records;
  std::vector<std::string> chosen;
  for (Trace& trace : record.traces) {
    ++counts.traces;
    if (!trace.complete) {
      ++counts.truncated;
      continue;
    }
    std::optional<bool> right = true;
    if (choice == TraceChoice::kStated) right = trace.stated;
    if (choice == TraceChoice::kVerified) {
      const Verdict verdict = grade_response(record.problem, trace.text, /*prompt_opened_thinking=*/false);
      right = verdict.correct;
      if (verdict.undecided || record.problem.answers.empty()) right.reset();
    }
    counts.open += !right;
    counts.wrong += right == false;
    if (right == true) chosen.push_back(std::move(trace.text));
  }
  return chosen;
}

std::string describe(const TraceCounts& counts) {
  std::string text =
      fmt::format("{} of {} traces to {} problems", counts.accepted(), counts.traces, counts.records);
  std::string_view separator = ": ";
  const auto add = [&](int64_t count, std::string_view what) {
    if (count == 0) return;
    text += fmt::format("{}{} {}", separator, count, what);
    separator = ", ";
  };
  add(counts.truncated, "break off");
  add(counts.wrong, "are wrong");
  add(counts.open, "can't be decided");
  return text;
}

std::string with_think_marks(std::string text) {
  const auto thought = between(text, "<|begin_of_thought|>", "<|end_of_thought|>");
  const auto answer = between(text, "<|begin_of_solution|>", "<|end_of_solution|>");
  if (thought && answer) return with_thoughts(*thought, *answer);
  constexpr std::string_view kOpen = "<|begin_of_thought|>";
  const size_t open = text.find(kOpen);
  if (open != std::string::npos) text.replace(open, kOpen.size(), "<think>");
  return text;
}

}  // namespace deepscaler
