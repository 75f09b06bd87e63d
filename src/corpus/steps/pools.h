// `pools`: parts of a curriculum, each a file of its own. A number of a record decides into which pool it
// goes; `write` writes a file for each split and pool, as train_easy.jsonl.
//
// Drops "no-number": records without the number.
#pragma once

#include <string>
#include <vector>

#include "corpus/steps/step.h"

namespace deepscaler {

class PoolsStep : public PipelineStep {
 public:
  [[nodiscard]] std::unique_ptr<PipelineStep> clone() const override {
    return std::make_unique<PoolsStep>(*this);
  }
  void bind(ConfigSection& section) override;
  void validate(const std::string& where) const override;
  [[nodiscard]] StepResult run(CorpusRecords records, const StepContext& context) const override;

 private:
  std::string by_ = "pass_rate";
  std::vector<std::string> names_ = {"hard", "medium", "easy"};
  std::vector<double> edges_ = {0.25, 0.75};
};

}  // namespace deepscaler
