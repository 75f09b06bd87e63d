// `write`: the data set as files, one for each split ("train" where records have none). Records go on
// unchanged, so that several steps can write several forms.
//
//   jsonl        SPLIT.jsonl, a record a line as to_json() has it: what `train` and `eval` read
//   deepscaler   SPLIT.json, one array of {problem, solution, answer}
#pragma once

#include <string>
#include <vector>

#include "corpus/steps/step.h"

namespace deepscaler {

class WriteStep : public PipelineStep {
 public:
  [[nodiscard]] std::unique_ptr<PipelineStep> clone() const override {
    return std::make_unique<WriteStep>(*this);
  }
  void bind(ConfigSection& section) override;
  [[nodiscard]] StepResult run(CorpusRecords records, const StepContext& context) const override;

 private:
  std::string form_ = "jsonl";
};

}  // namespace deepscaler
