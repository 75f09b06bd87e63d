// `ingest`: adds the records of data files, each field found by an expression (expression.h) or by the form
// of a known data set (record_form.h).
//
// Drops rows without a problem ("no-problem"), and those of which a field is an object or a list where a text
// is wanted ("nested-problem", "nested-answer", "nested-solution"). Other keys of a row are kept as fields.
// An id that is taken gets "-2" and so on; a row without one gets a hash of its problem.
#pragma once

#include <string>
#include <vector>

#include "corpus/steps/step.h"

namespace deepscaler {

class IngestStep : public PipelineStep {
 public:
  [[nodiscard]] std::unique_ptr<PipelineStep> clone() const override {
    return std::make_unique<IngestStep>(*this);
  }
  void bind(ConfigSection& section) override;
  void validate(const std::string& where) const override;
  [[nodiscard]] std::vector<std::filesystem::path> inputs(const StepContext& context) const override;
  // Throws Error for a file that can't be read, that comes twice or that has no row with a problem, and for
  // an expression or a key to keep that finds nothing in any row.
  [[nodiscard]] StepResult run(CorpusRecords records, const StepContext& context) const override;

 private:
  std::vector<std::string> files_;
  std::string source_;  // empty: the name of each file
  std::string form_ = "plain";
  std::string problem_, answer_, solution_, id_, difficulty_;  // in place of the form's
  std::vector<std::string> keep_ = {"*"};
};

}  // namespace deepscaler
