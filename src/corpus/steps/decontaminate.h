// `decontaminate`: drops records that are problems of an evaluation. Each rule of
// corpus/match/overlap_rule.h, and "embeddings" (embed/sentence_encoder.h), can drop, or only be counted.
// Reasons: "contaminated-RULE", of the first rule that says so.
//
// report.json counts for each rule, source and evaluation the records flagged, the test problems they are
// taken for, and the test problems that the rule can never match. pairs.jsonl has the texts of every pair, to
// read.
#pragma once

#include <string>
#include <vector>

#include "corpus/steps/encoder_config.h"
#include "corpus/steps/step.h"

namespace deepscaler {

class DecontaminateStep : public PipelineStep {
 public:
  [[nodiscard]] std::unique_ptr<PipelineStep> clone() const override {
    return std::make_unique<DecontaminateStep>(*this);
  }
  void bind(ConfigSection& section) override;
  void validate(const std::string& where) const override;
  [[nodiscard]] std::vector<std::filesystem::path> inputs(const StepContext& context) const override;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> versions() const override;
  [[nodiscard]] StepResult run(CorpusRecords records, const StepContext& context) const override;

 private:
  [[nodiscard]] bool uses(std::string_view rule) const;

  std::vector<std::string> against_;
  std::vector<std::string> rules_ = {"exact", "letters", "ngram-lcs"};
  std::vector<std::string> count_;
  EncoderConfig encoder_;
};

}  // namespace deepscaler
