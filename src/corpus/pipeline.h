// A data pipeline as TOML: what is read, what is done to it, and what is written.
//
//   [[step]]
//   kind = "ingest"
//   files = ["problems.csv"]
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "corpus/steps/step.h"

namespace deepscaler {

// The settings of every kind of step, side by side; a step uses those of its own. A value: copied whole.
class StepsOfKinds {
 public:
  StepsOfKinds();
  StepsOfKinds(const StepsOfKinds& other);
  StepsOfKinds& operator=(const StepsOfKinds& other);
  StepsOfKinds(StepsOfKinds&&) = default;
  StepsOfKinds& operator=(StepsOfKinds&&) = default;
  ~StepsOfKinds() = default;

  [[nodiscard]] PipelineStep& operator[](std::string_view kind) const;  // CHECKs that there is such a kind

 private:
  std::vector<std::unique_ptr<PipelineStep>> steps_;  // in the order of step_kinds()
};

struct StepConfig {
  std::string kind;                  // a name of step_kinds()
  std::vector<std::string> sources;  // the records that it works on; the others pass by. Empty: all
  StepsOfKinds steps_of_kinds;

  [[nodiscard]] const PipelineStep& step() const { return steps_of_kinds[kind]; }
};

struct PipelineConfig {
  std::string name;         // of the data set, in its card
  std::string description;  // in its card
  std::string root = ".";   // where relative paths of files start
  int64_t seed = 1;
  std::vector<StepConfig> steps;
};

void bind(ConfigSection& section, StepConfig& config);
void bind(ConfigSection& section, PipelineConfig& config);

// Throws Error naming `where`, the pipeline's file, for settings that contradict each other.
void validate(const PipelineConfig& config, const std::string& where);

}  // namespace deepscaler
