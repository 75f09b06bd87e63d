// `split`: deals records into "train", "validation" and "test". A hash of the problem and the seed decides,
// so that equal problems are in one split, and a record stays in its own when others come or go.
#pragma once

#include "corpus/steps/step.h"

namespace deepscaler {

class SplitStep : public PipelineStep {
 public:
  [[nodiscard]] std::unique_ptr<PipelineStep> clone() const override {
    return std::make_unique<SplitStep>(*this);
  }
  void bind(ConfigSection& section) override;
  void validate(const std::string& where) const override;
  [[nodiscard]] StepResult run(CorpusRecords records, const StepContext& context) const override;

 private:
  double validation_ = 0, test_ = 0.02;
};

}  // namespace deepscaler
