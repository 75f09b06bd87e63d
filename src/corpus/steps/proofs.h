// `proofs`: drops problems that ask for a proof and for no value ("proof"), and those whose answer is yes or
// no, which a guess gets half of the time ("yes-no"). The words of the problem decide.
//
// With [step.model], a language model is asked about those that the words let pass. A problem stays where any
// of its replies says that there is a clear answer (DeepScaleR on Omni-MATH); else it is dropped as "proof"
// or "no-maths", whichever more say. Also drops kModelFailed and "model-unclear".
#pragma once

#include <string>
#include <vector>

#include "corpus/asking/chat_model.h"
#include "corpus/steps/step.h"

namespace deepscaler {

class ProofsStep : public PipelineStep {
 public:
  [[nodiscard]] std::unique_ptr<PipelineStep> clone() const override {
    return std::make_unique<ProofsStep>(*this);
  }
  void bind(ConfigSection& section) override;
  void validate(const std::string& where) const override;
  [[nodiscard]] std::vector<std::filesystem::path> inputs(const StepContext& context) const override;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> versions() const override;
  [[nodiscard]] StepResult run(CorpusRecords records, const StepContext& context) const override;

 private:
  [[nodiscard]] Judgement by_words(const CorpusRecord& record) const;

  bool yes_no_ = true;
  ChatModelConfig model_{.samples = 4, .temperature = 0.8};
};

}  // namespace deepscaler
