// `duplicates`: of records that ask the same, the first stays. Rules, tried in this order:
//
//   exact             equal but for spaces, punctuation and the dress of formulas       "duplicate"
//   minhash           Jaccard similarity of runs of five words, found by MinHash        "near-duplicate"
//   embeddings        cosine of the problems' embeddings (embed/sentence_encoder.h)     "similar-meaning"
//   changed-numbers   equal but for the numbers, at least eight words                   "changed-numbers"
//
// minhash and embeddings pass over a pair whose answers are proven different: a problem with another sign or
// number has almost the same words. Such pairs are counted.
//
// compare = "kept" compares a record with all that were kept before it. compare = "earlier-sources" compares
// it with every record of the sources before its own, and never with its own source (DeepScaleR).
#pragma once

#include <string>
#include <vector>

#include "corpus/steps/encoder_config.h"
#include "corpus/steps/step.h"

namespace deepscaler {

class TwinFinder;

class DuplicatesStep : public PipelineStep {
 public:
  enum class Compare { kKept, kEarlierSources };

  [[nodiscard]] std::unique_ptr<PipelineStep> clone() const override {
    return std::make_unique<DuplicatesStep>(*this);
  }
  void bind(ConfigSection& section) override;
  void validate(const std::string& where) const override;
  [[nodiscard]] std::vector<std::filesystem::path> inputs(const StepContext& context) const override;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> versions() const override;
  [[nodiscard]] StepResult run(CorpusRecords records, const StepContext& context) const override;

 private:
  [[nodiscard]] bool uses_embeddings() const;
  [[nodiscard]] std::unique_ptr<TwinFinder> make_finder(const std::string& rule, const CorpusRecords& records,
                                                        const StepContext& context) const;

  std::vector<std::string> rules_ = {"exact", "minhash"};
  Compare compare_ = Compare::kKept;
  double jaccard_ = 0.8;
  EncoderConfig encoder_;
};

}  // namespace deepscaler
