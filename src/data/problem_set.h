// The problems of a training stage or of an evaluation: read from files, made by the generators, or both.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/problem.h"
#include "data/prompt_encoder.h"

namespace deepscaler {

class ConfigSection;

// Problems from files, or made by the generators; files come first.
struct DataConfig {
  std::vector<std::string> files;
  std::vector<std::string> kinds;
  int64_t count = 0;              // generated problems
  int64_t seed = 1;               // of the generators
  bool held_out = false;          // take the generators' test problems, which training never sees
  std::string from;               // "stage NAME": what that earlier stage of the recipe has written
  std::vector<double> pass_rate;  // [lowest, highest] that a problem may have; empty: any or none
  int64_t min_prompt_tokens = 0;  // of a problem's prompt, in tokens

  // Whether something of it chooses among the problems.
  [[nodiscard]] bool chooses() const { return !pass_rate.empty() || min_prompt_tokens > 0; }

  [[nodiscard]] bool empty() const { return files.empty() && kinds.empty() && from.empty(); }
};

void bind(ConfigSection& section, DataConfig& config);

// What to do about an answer that the verifier can't read: samples with an answer are undecided against it.
enum class UnreadableAnswers {
  kRefuse,  // an Error naming the first, their number and their ids
  kKeep,    // a warning for each
  kUnused,  // nothing is graded by answers: there may be none
};

// The problems of a data section, in a fixed order. Problems without an answer are left out, and those whose
// pass rate is unknown or outside of `pass_rate`; a message says `section` ("stage.0.data") and their number.
// Throws Error for files that can't be read, and where there are no problems.
[[nodiscard]] std::vector<Problem> load_problems(const DataConfig& config, std::string_view section,
                                                 UnreadableAnswers unreadable);

// Leaves out the problems whose prompts are shorter than min_prompt_tokens; a message says their number.
// Throws Error where none is left.
void leave_out_short(std::vector<Problem>& problems, const PromptEncoder& encoder, const DataConfig& config,
                     std::string_view section);

// Warns with the number of problems that ask what an earlier one asks: intervals take problems for
// independent.
void warn_of_copies(std::span<const Problem> problems, std::string_view section);

// A problem as a line of JSON, for hashes: [id, problem, [answers]], and the grader where it is not kAnswer.
[[nodiscard]] std::string problem_line(const Problem& problem);

// SHA-256 of the problems' lines, each with a line break.
[[nodiscard]] std::string hash_problems(std::span<const Problem> problems);

}  // namespace deepscaler
