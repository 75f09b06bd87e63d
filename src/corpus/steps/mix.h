// `mix`: how much of each source goes on. Without settings everything does. Records are drawn without
// replacement, by the seed; what is not drawn is dropped as "not-drawn", and sources that are not named as
// "not-mixed".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "corpus/steps/step.h"

namespace deepscaler {

class MixStep : public PipelineStep {
 public:
  struct Part {
    std::string source;
    std::optional<int64_t> count;  // at most so many
    std::optional<double> share;   // of its records
  };

  [[nodiscard]] std::unique_ptr<PipelineStep> clone() const override {
    return std::make_unique<MixStep>(*this);
  }
  void bind(ConfigSection& section) override;
  void validate(const std::string& where) const override;
  // Throws Error for a part whose source no record has.
  [[nodiscard]] StepResult run(CorpusRecords records, const StepContext& context) const override;

 private:
  std::vector<Part> parts_;
};

}  // namespace deepscaler
