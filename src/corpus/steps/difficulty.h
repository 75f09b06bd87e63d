// `difficulty`: how hard each problem is for a model, or in its judgement.
//
//   pass-rate   the share of its samples that the verifier finds right           "pass_rate"
//   judgement   the mean of its ratings from 1 to 10 (DeepScaleR)                the record's difficulty
//
// Drops what lies outside of [least, most] ("too-low", "too-high"), and what could not be measured:
// kModelFailed; "model-unclear" where no reply has a rating; "undecided" where the verifier can judge no
// sample; "no-answer" where there is nothing to compare with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "corpus/asking/chat_model.h"
#include "corpus/steps/step.h"
#include "data/prompt.h"

namespace deepscaler {

class DifficultyStep : public PipelineStep {
 public:
  enum class By { kPassRate, kJudgement };

  [[nodiscard]] std::unique_ptr<PipelineStep> clone() const override {
    return std::make_unique<DifficultyStep>(*this);
  }
  void bind(ConfigSection& section) override;
  void validate(const std::string& where) const override;
  [[nodiscard]] std::vector<std::filesystem::path> inputs(const StepContext& context) const override;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> versions() const override;
  [[nodiscard]] StepResult run(CorpusRecords records, const StepContext& context) const override;

 private:
  [[nodiscard]] Judgement measure(CorpusRecord& record, const Replies& replies) const;
  [[nodiscard]] Judgement within(double value) const;

  By by_ = By::kPassRate;
  std::string prompt_ = kPromptTemplate;
  std::optional<double> least_, most_;
  ChatModelConfig model_{.samples = 8};
};

}  // namespace deepscaler
