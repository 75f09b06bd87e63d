// `proofs`: drops problems that ask for a proof and for no value ("proof"), and those whose answer is yes or
// no, which a guess gets half of the time ("yes-no"). By rule: the words of the problem decide, not a model.
#pragma once

#include "corpus/steps/step.h"

namespace deepscaler {

class ProofsStep : public PipelineStep {
 public:
  [[nodiscard]] std::unique_ptr<PipelineStep> clone() const override {
    return std::make_unique<ProofsStep>(*this);
  }
  void bind(ConfigSection& section) override;
  [[nodiscard]] StepResult run(CorpusRecords records, const StepContext& context) const override;

 private:
  bool yes_no_ = true;
};

}  // namespace deepscaler
