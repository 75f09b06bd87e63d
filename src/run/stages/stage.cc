#include "run/stages/stage.h"

#include "run/stages/grpo_stage.h"
#include "run/stages/sft_stage.h"

namespace deepscaler {

std::unique_ptr<Stage> make_stage(const StageConfig& config, const StageWorkers& workers) {
  if (config.kind == "sft") return std::make_unique<SftStage>(config, workers);
  return std::make_unique<GrpoStage>(config, workers);
}

}  // namespace deepscaler
