// The result of an evaluation: every sample with its verdict, and the settings.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "eval/settings.h"
#include "eval/statistics.h"

namespace deepscaler {

struct EvalSample {
  std::string text;
  std::string extracted;  // the answer that was graded
  std::string reason;     // why the verdict is what it is
  bool correct = false;
  bool undecided = false;
  bool truncated = false;
  int64_t tokens = 0;
};

struct EvalProblem {
  std::string id;
  std::string set;      // the name of its EvalSet
  std::string problem;  // the question
  std::vector<std::string> answers;
  std::string prompt;  // exactly as the model saw it, special tokens included
  std::vector<EvalSample> samples;
};

struct EvalReport {
  EvalSettings settings;
  std::string program;   // version
  std::string verifier;  // version
  std::vector<EvalProblem> problems;

  // One row a problem: whether each of its decided samples was right. Undecided samples are left out;
  // undecided_share() counts them.
  [[nodiscard]] Outcomes outcomes() const;
  [[nodiscard]] Interval pass_at_1() const;  // with its 95 % interval, problems as clusters
  [[nodiscard]] double mean_length() const;  // tokens
  [[nodiscard]] double truncated_share() const;
  [[nodiscard]] double undecided_share() const;
  [[nodiscard]] double no_answer_share() const;  // of samples in which no answer was found
};

// Writes settings, summary and every sample as JSON. Throws Error where the disk refuses.
void write_report(const std::filesystem::path& path, const EvalReport& report);
// Whether a file begins as write_report() begins one; false where there is none.
[[nodiscard]] bool is_report(const std::filesystem::path& path);
// The report that write_report wrote; throws Error for a file that is none.
[[nodiscard]] EvalReport read_report(const std::filesystem::path& path);

}  // namespace deepscaler
