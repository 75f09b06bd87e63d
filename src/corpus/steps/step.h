// Steps of a data pipeline. A step is a pure function of records, settings, input files and a seed. The rest
// of the program knows a kind of step only by what is here; its name stands nowhere else.
//
// To add a kind: a file with a PipelineStep, and a line in kinds.cc.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "corpus/steps/record.h"

namespace deepscaler {

class ConfigSection;

// The reason of a record about which a model was asked in vain. The next run of the pipeline asks again.
inline constexpr std::string_view kModelFailed = "model-failed";

// A record that a step took out, why, and what shows it: a JSON object ("{}" where the reason says all).
struct DroppedRecord {
  CorpusRecord record;
  std::string reason;  // a word with hyphens, to count and to ask for: "near-duplicate"
  std::string evidence;
};

// A file that a step leaves beside its records.
struct StepFile {
  std::string name;
  std::string bytes;
};

struct StepResult {
  CorpusRecords kept;
  std::vector<DroppedRecord> dropped;
  std::vector<std::pair<std::string, int64_t>> figures;  // counts beside those of records, with their names
  std::vector<StepFile> reports;                         // into the step's folder
  std::vector<StepFile> outputs;                         // into the pipeline's folder
};

// What a step may use beside its settings.
struct StepContext {
  std::filesystem::path root;  // where relative paths of files start
  uint64_t seed = 1;
  std::string where;                   // "pipeline.toml: step.2", for errors
  std::filesystem::path kept_replies;  // where replies of language models are kept; empty: nowhere
  // Called with the number of records done so far, for the progress bar. Throws Interrupted when the user
  // asked to stop; a step has nothing to save.
  std::function<void(int64_t done)> progress;
};

class PipelineStep {
 public:
  virtual ~PipelineStep() = default;
  [[nodiscard]] virtual std::unique_ptr<PipelineStep> clone() const = 0;

  virtual void bind(ConfigSection& section) = 0;
  // Throws Error naming `where` for settings that are each valid but contradict each other.
  virtual void validate(const std::string& /*where*/) const {}
  // The files that the step reads. Throws Error for paths that lead nowhere.
  [[nodiscard]] virtual std::vector<std::filesystem::path> inputs(const StepContext& /*context*/) const {
    return {};
  }
  // The program's parts that the result depends on beside the settings: {"verifier", "0.1.0+..."}.
  [[nodiscard]] virtual std::vector<std::pair<std::string, std::string>> versions() const { return {}; }
  // Kept records stand in the order of `records`; new ones come after them.
  [[nodiscard]] virtual StepResult run(CorpusRecords records, const StepContext& context) const = 0;
};

struct StepKind {
  std::string_view name;
  std::string_view description;  // one sentence for the manual
  std::unique_ptr<PipelineStep> (*make)();
  bool adds_records = false;  // its inputs are sources of the data set; others work on the records there are
};

// The kinds of kinds.cc.
[[nodiscard]] std::span<const StepKind> step_kinds();
// Of the kind of that name; false where there is none.
[[nodiscard]] bool adds_records(std::string_view kind);

// `path`, from `context.root` where it is relative.
[[nodiscard]] std::filesystem::path from_root(const StepContext& context, const std::string& path);

// All files of several paths, folders with theirs (tables/data_file.h).
[[nodiscard]] std::vector<std::filesystem::path> files_of(const StepContext& context,
                                                          const std::vector<std::string>& paths);

// Throws Error naming `where` for a rule that is not `known`, or that is named twice.
void require_rules(std::span<const std::string> rules, const std::vector<std::string>& known,
                   const std::string& where);

// Drops the record with its reason and evidence.
void drop(StepResult& result, CorpusRecord record, std::string_view reason,
          const nlohmann::ordered_json& evidence);

// A step that looks at each record by itself: `judge` may change the record, and returns the reason to drop
// it or nothing, with evidence.
struct Judgement {
  std::string reason;    // empty: kept
  std::string evidence;  // a JSON object
};
[[nodiscard]] StepResult judge_each(CorpusRecords records, const StepContext& context,
                                    const std::function<Judgement(CorpusRecord&)>& judge);
[[nodiscard]] Judgement dropped_for(std::string_view reason, const nlohmann::ordered_json& evidence);

}  // namespace deepscaler
