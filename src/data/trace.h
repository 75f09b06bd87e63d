// Traces: what a teacher thought and answered to a problem, as records of others hold them.
//
//   {"problem", "answer", "generations": [text, ...]}        OpenR1-Math-220k, and ours
//   (generate/trace_set.h);
//       says which are right ("correctness_math_verify", else "correctness_llama"), and which break off
//       ("is_reasoning_complete", "finish_reasons"); its "messages" are one of the generations
//   {"problem", "deepseek_reasoning", "deepseek_solution"}   OpenThoughts-114k's metadata; the reference
//   answer
//       stands in the boxes of "ground_truth_solution"
//   {"problem", "reasoning_content", "content", "answer"}    what R1's API answers, beside its problem
//
// "question" may stand for "problem". A trace is one text: <think>, the thoughts, </think> and the answer.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/problem.h"

namespace deepscaler {

struct Trace {
  std::string text;
  std::optional<bool> stated;  // whether the record says that it is right
  bool complete = true;        // false where the record or the text says that it breaks off
};

struct TraceRecord {
  Problem problem;
  std::vector<Trace> traces;
};

// Nothing for a record of another kind. Throws Error naming `where` for keys of the wrong type, and for lists
// beside the generations that are of another length.
[[nodiscard]] std::optional<TraceRecord> read_traces(const nlohmann::ordered_json& record,
                                                     const std::string& where);

// Whether a text opens its thinking and never ends it.
[[nodiscard]] bool breaks_off(std::string_view text);

// Which complete traces are learned.
enum class TraceChoice {
  kVerified,  // those whose answer the verifier accepts
  kStated,    // those that their record says to be right
  kAll,
};

// What became of traces.
struct TraceCounts {
  int64_t records = 0, traces = 0;
  int64_t truncated = 0;  // break off
  int64_t wrong = 0;      // by the verifier, or as stated
  int64_t open = 0;       // undecided, without an answer to compare with, or nothing stated

  [[nodiscard]] int64_t accepted() const { return traces - truncated - wrong - open; }
};

// The record's traces that are to be learned, in order; counts all of them.
[[nodiscard]] std::vector<std::string> choose_traces(TraceRecord&& record, TraceChoice choice,
                                                     TraceCounts& counts);

// "3 of 8 traces to 4 problems: 2 break off, 2 are wrong, 1 can't be decided".
[[nodiscard]] std::string describe(const TraceCounts& counts);

// OpenThoughts-114k and Bespoke-Stratos mark thoughts and answer with "<|begin_of_thought|>" and the like:
// the text with <think> and </think> in place of those. Other texts stay as they are.
[[nodiscard]] std::string with_think_marks(std::string text);

}  // namespace deepscaler
