// A report while its samples come, in any order and from whoever answers: each is graded, put into its place
// and kept in the log, so that an evaluation which was stopped goes on with what is missing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/problem.h"
#include "eval/report.h"
#include "eval/sample_log.h"

namespace deepscaler {

// Called as samples finish: how many are finished, and how many of these are right.
using EvalProgress = std::function<void(int64_t finished, int64_t right)>;

struct EvalPrompt {
  std::string text;              // as the report shows it
  bool opened_thinking = false;  // it ends inside <think>, so a response holds only </think>
};

// One thread at a time. What the constructor gets, `log` included, must outlive it; `log` may be null.
class ReportBuilder {
 public:
  // `prompts`: of the problems, in their order.
  ReportBuilder(const std::vector<Problem>& problems, std::vector<EvalPrompt> prompts,
                const EvalSettings& settings, const EvalProgress& progress, SampleLog* log);

  // Enters what the log has from before. Throws Error where its problems stood in another order.
  void take_earlier_samples();

  [[nodiscard]] bool has(SampleName name) const { return done_[name.item][name.sample]; }
  void add(SampleName name, std::string text, int64_t tokens, bool truncated);

  [[nodiscard]] EvalReport take_report() { return std::move(report_); }

 private:
  void enter(const LoggedSample& logged);

  const std::vector<Problem>& problems_;
  std::vector<EvalPrompt> prompts_;
  const EvalProgress& progress_;
  SampleLog* log_;
  std::vector<std::vector<bool>> done_;  // by problem and sample
  int64_t finished_ = 0, right_ = 0;
  EvalReport report_;
};

}  // namespace deepscaler
