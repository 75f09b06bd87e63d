#include "run/stages/distill_stage.h"

#include "base/config.h"
#include "base/error.h"

namespace deepscaler {

DistillSettings::DistillSettings() { config.reward.weights.front() = 0; }

void DistillSettings::bind(ConfigSection& section) {
  GrpoSettings::bind(section);
  section.section("teacher", config.teacher, "the model that judges every sampled token");
}

void DistillSettings::validate(const StageConfig& stage, const std::string& where) const {
  GrpoSettings::validate(stage, where);
  if (config.rollout.resample_rounds > 0) {
    throw Error(where, "replaces groups with equal rewards, from which a teacher's credit is learned",
                "leave sampling.resample_rounds out");
  }
}

std::vector<std::string*> DistillSettings::files() {
  std::vector<std::string*> files = GrpoSettings::files();
  files.push_back(&config.teacher.model);
  return files;
}

std::vector<std::pair<std::string, std::string>> DistillSettings::earlier_stages() const {
  auto stages = GrpoSettings::earlier_stages();
  if (stage_named_in(config.teacher.model)) stages.emplace_back("teacher.model", config.teacher.model);
  return stages;
}

StageNeeds DistillSettings::needs(const ModelConfig& model) const {
  StageNeeds needs = GrpoSettings::needs(model);
  needs.fixed_models.push_back({.name = "teacher", .source = config.teacher.model});
  return needs;
}

}  // namespace deepscaler
