// `answers`: an answer for every record. A record without one gets what its solution has in the last
// \boxed{}, or after its last "####". With [step.model], a language model reads the solutions that have
// neither: distinct replies, as the verifier compares them, are alternatives or drop the record.
//
// An answer that is the letter of an option can be replaced by the option's value: choices = "value" finds
// the options in the text and leaves it as it is; choices = "model" asks the model for the values, and for
// the problem without its options (DeepScaleR).
//
// Drops "no-answer"; "answers-differ"; "multiple-choice"; "choice-without-value"; kModelFailed,
// "model-unclear".
#pragma once

#include <string>
#include <vector>

#include "corpus/asking/chat_model.h"
#include "corpus/steps/step.h"

namespace deepscaler {

class AnswersStep : public PipelineStep {
 public:
  enum class Choices { kKeep, kValue, kModel, kDrop };
  enum class Disagreement { kKeep, kDrop };

  [[nodiscard]] std::unique_ptr<PipelineStep> clone() const override {
    return std::make_unique<AnswersStep>(*this);
  }
  void bind(ConfigSection& section) override;
  void validate(const std::string& where) const override;
  [[nodiscard]] std::vector<std::filesystem::path> inputs(const StepContext& context) const override;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> versions() const override;
  [[nodiscard]] StepResult run(CorpusRecords records, const StepContext& context) const override;

 private:
  [[nodiscard]] Judgement replace_by_text(CorpusRecord& record) const;
  [[nodiscard]] Judgement replace_by_model(CorpusRecord& record, const Replies& replies) const;

  bool again_ = false;  // look into solutions even where there is an answer
  Choices choices_ = Choices::kKeep;
  Disagreement disagreement_ = Disagreement::kKeep;
  ChatModelConfig model_{.samples = 3};
};

}  // namespace deepscaler
