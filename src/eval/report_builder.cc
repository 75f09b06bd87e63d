#include "eval/report_builder.h"

#include "base/error.h"
#include "data/grading.h"
#include "verify/version.h"

namespace deepscaler {

ReportBuilder::ReportBuilder(const std::vector<Problem>& problems, std::vector<EvalPrompt> prompts,
                             const EvalSettings& settings, const EvalProgress& progress, SampleLog* log)
    : problems_(problems), prompts_(std::move(prompts)), progress_(progress), log_(log) {
  report_ = {.settings = settings, .program = DEEPSCALER_VERSION, .verifier = verifier_version()};
  const int64_t samples = settings.config.samples;
  for (size_t p = 0; p < problems.size(); ++p) {
    report_.problems.push_back({.id = problems[p].id,
                                .set = problems[p].source,
                                .problem = problems[p].problem,
                                .answers = problems[p].answers,
                                .prompt = prompts_[p].text,
                                .samples = std::vector<EvalSample>(samples)});
  }
  done_.assign(problems.size(), std::vector<bool>(samples));
}

void ReportBuilder::take_earlier_samples() {
  if (log_ == nullptr) return;
  for (const LoggedSample& sample : log_->earlier()) {
    if (sample.id != problems_[sample.problem].id) {
      throw Error(sample.id, "the samples kept so far are of problems in another order",
                  "name the data as before, or another --output");
    }
    enter(sample);
  }
}

void ReportBuilder::add(SampleName name, std::string text, int64_t tokens, bool truncated) {
  const LoggedSample logged = {.problem = name.item,
                               .id = problems_[name.item].id,
                               .sample = name.sample,
                               .tokens = tokens,
                               .truncated = truncated,
                               .text = std::move(text)};
  if (log_ != nullptr) log_->add(logged);
  enter(logged);
}

// Grades a sample and puts it into its place.
void ReportBuilder::enter(const LoggedSample& logged) {
  const Verdict verdict =
      grade_response(problems_[logged.problem], logged.text, prompts_[logged.problem].opened_thinking);
  report_.problems[logged.problem].samples[logged.sample] = {
      .text = logged.text,
      .extracted = verdict.extracted,
      .reason = std::string(reason_name(verdict.reason)),
      .correct = verdict.correct,
      .undecided = verdict.undecided,
      .truncated = logged.truncated,
      .tokens = logged.tokens};
  done_[logged.problem][logged.sample] = true;
  ++finished_;
  right_ += verdict.correct;
  if (progress_) progress_(finished_, right_);
}

}  // namespace deepscaler
