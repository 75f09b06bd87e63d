// `gradable`: drops records whose answer can't be checked: nothing to read in it ("ungradable"), too long for
// a final answer ("long-answer"), words ("text-answer"), or several values at once ("ambiguous").
// DeepScaleR's rule (deepscaler_rule.h) is counted beside the verifier's, and can be the one that decides.
#pragma once

#include "corpus/steps/step.h"

namespace deepscaler {

class GradableStep : public PipelineStep {
 public:
  enum class Rule { kVerifier, kDeepscaler, kBoth };

  [[nodiscard]] std::unique_ptr<PipelineStep> clone() const override {
    return std::make_unique<GradableStep>(*this);
  }
  void bind(ConfigSection& section) override;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> versions() const override;
  [[nodiscard]] StepResult run(CorpusRecords records, const StepContext& context) const override;

 private:
  Rule rule_ = Rule::kVerifier;
  int64_t longest_ = 200;  // characters
  bool text_ = false;      // keep answers in words
  bool ambiguous_ = false;
};

}  // namespace deepscaler
