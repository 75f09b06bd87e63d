// `write`: the data set as files, one for each split ("train" where records have none). Records go on
// unchanged, so that several steps can write several forms.
//
//   jsonl        SPLIT.jsonl, a record a line as to_json() has it: what `train` and `eval` read
//   deepscaler   SPLIT.json, one array of {problem, solution, answer}
//   parquet      data/SPLIT-00000-of-00001.parquet, the same keys as jsonl: the layout of the Hugging Face
//   hub verl         SPLIT.parquet: {data_source, prompt [{role, content}], ability, reward_model {style,
//                ground_truth}, extra_info {split, index}}, what verl's trainer reads
//
// Parquet's columns have one type, the same in the files of all splits. Where some record has several
// answers, `answer` and `ground_truth` are lists in every row.
#pragma once

#include <string>
#include <vector>

#include "corpus/steps/step.h"
#include "data/prompt.h"

namespace deepscaler {

class WriteStep : public PipelineStep {
 public:
  [[nodiscard]] std::unique_ptr<PipelineStep> clone() const override {
    return std::make_unique<WriteStep>(*this);
  }
  void bind(ConfigSection& section) override;
  void validate(const std::string& where) const override;
  [[nodiscard]] StepResult run(CorpusRecords records, const StepContext& context) const override;

 private:
  std::string form_ = "jsonl";
  std::string prompt_ = kPromptTemplate;
  std::string data_source_;
};

}  // namespace deepscaler
