// `answers`: an answer for every record. A record without one gets what its solution has in the last
// \boxed{}, or after its last "####". An answer that is the letter of an option can be replaced by the
// option's value.
//
// Drops "no-answer", and with choices = "value" "choice-without-value".
#pragma once

#include <string>
#include <vector>

#include "corpus/steps/step.h"

namespace deepscaler {

class AnswersStep : public PipelineStep {
 public:
  enum class Choices { kKeep, kValue, kDrop };

  [[nodiscard]] std::unique_ptr<PipelineStep> clone() const override {
    return std::make_unique<AnswersStep>(*this);
  }
  void bind(ConfigSection& section) override;
  [[nodiscard]] StepResult run(CorpusRecords records, const StepContext& context) const override;

 private:
  bool again_ = false;  // look into solutions even where there is an answer
  Choices choices_ = Choices::kKeep;
};

}  // namespace deepscaler
