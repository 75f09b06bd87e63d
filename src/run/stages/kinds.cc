// Every kind of stage: the one place that knows them all.
#include "run/stages/distill_stage.h"
#include "run/stages/dpo_stage.h"
#include "run/stages/gkd_stage.h"
#include "run/stages/grpo_stage.h"
#include "run/stages/ppo_stage.h"
#include "run/stages/process_reward_stage.h"
#include "run/stages/rejection_stage.h"
#include "run/stages/reward_model_stage.h"
#include "run/stages/sft_stage.h"
#include "run/stages/stage_kind.h"

namespace deepscaler {

std::vector<StageKind> built_in_stage_kinds() {
  return {{"sft", "supervised fine-tuning on demonstrations", make_stage_settings<SftSettings>},
          {"grpo", "reinforcement learning with verifiable rewards", make_stage_settings<GrpoSettings>},
          {"dpo", "direct preference optimization on pairs of answers", make_stage_settings<DpoSettings>},
          {"distill", "on-policy distillation: a teacher gives credit to each sampled token",
           make_stage_settings<DistillSettings>},
          {"gkd", "distillation of a teacher's whole distributions, on completions of any source",
           make_stage_settings<GkdSettings>},
          {"ppo", "reinforcement learning in which a critic gives credit to each token",
           make_stage_settings<PpoSettings>},
          {"rejection", "rejection sampling: writes right responses as a data set for later stages",
           make_stage_settings<RejectionSettings>},
          {"reward-model", "a model that scores answers, from pairs or from good and bad ones",
           make_stage_settings<RewardModelSettings>},
          {"process-reward-model", "a model that scores each step of an answer, from stepwise answers",
           make_stage_settings<ProcessRewardSettings>}};
}

}  // namespace deepscaler
