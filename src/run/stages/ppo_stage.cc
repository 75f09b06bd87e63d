#include "run/stages/ppo_stage.h"

#include <initializer_list>

#include "base/config.h"
#include "base/error.h"
#include "base/sha256.h"

namespace deepscaler {
namespace {

constexpr std::string_view kStart = "start";

}  // namespace

void PpoSettings::bind(ConfigSection& section) {
  GrpoSettings::bind(section);
  section.section("gae", gae, "how rewards and the critic's values become the advantages of tokens");
  section.section("critic", critic, "the model that says what is to be expected after each token");
}

void PpoSettings::validate(const StageConfig& stage, const std::string& where) const {
  GrpoSettings::validate(stage, where);
  const LossConfig& loss = config.loss;
  const LossConfig defaults;
  if (loss.advantage != defaults.advantage || loss.uncertainty_sharpness != defaults.uncertainty_sharpness) {
    throw Error(where,
                "sets loss.advantage or loss.uncertainty_sharpness, and ppo's advantages are a critic's",
                "leave them out; [stage.gae] has their settings");
  }
  if (config.rollout.resample_rounds > 0) {
    throw Error(where, "replaces groups with equal rewards, from which a critic's credit is learned",
                "leave sampling.resample_rounds out");
  }
  if (loss.uses_reference() && gae.kl_coefficient > 0) {
    throw Error(where, "has the divergence from the reference in the loss and in the rewards",
                "leave loss.kl_coefficient or gae.kl_coefficient out");
  }
  if (critic.steps_alone() >= config.steps) {
    throw Error(where,
                fmt::format("lets the critic learn alone for {} steps and has {}", critic.steps_alone(),
                            config.steps),
                "lower critic.pretraining_steps or critic.warmup_steps");
  }
}

std::vector<std::string*> PpoSettings::files() {
  std::vector<std::string*> files = GrpoSettings::files();
  if (critic.model != kStart) files.push_back(&critic.model);
  return files;
}

std::vector<std::pair<std::string, std::string>> PpoSettings::earlier_stages() const {
  auto stages = GrpoSettings::earlier_stages();
  if (stage_named_in(critic.model)) stages.emplace_back("critic.model", critic.model);
  return stages;
}

const OptimizerConfig& PpoSettings::optimizer_of(std::string_view model, const StageConfig& stage) const {
  return model == kCritic ? critic.optimizer : stage.optimizer;
}

StageNeeds PpoSettings::needs(const ModelConfig& model) const {
  StageNeeds needs = GrpoSettings::needs(model);
  if (gae.kl_coefficient > 0) needs.models.emplace_back(kReference);
  needs.trained_models.push_back(
      {.name = std::string(kCritic), .source = critic.model, .optimizer = critic.optimizer.kind});
  return needs;
}

std::unique_ptr<Stage> PpoSettings::make(const StageConfig& stage, const StageContext& context) const {
  return std::make_unique<PpoStage>(*this, stage, context);
}

PpoStage::PpoStage(const PpoSettings& settings, const StageConfig& stage, const StageContext& context)
    : GrpoStage(settings.config, stage, context), settings_(settings) {
  const std::string& model = settings.critic.model;
  if (model == kStart) return;
  source_.emplace(model, context.section + ".critic.model", this->context(),
                  std::initializer_list{kCritic, kReward});
}

std::string PpoStage::data_hash() const {
  const std::string hash = GrpoStage::data_hash();
  return source_ ? sha256_hex(hash + source_->identity()) : hash;
}

bool PpoStage::uses_reference() const {
  return GrpoStage::uses_reference() || settings_.gae.kl_coefficient > 0;
}

Engine& PpoStage::critic() {
  Models& models = context().models;
  if (Engine* critic = models.find(kCritic)) return *critic;
  const Engine& policy = models.policy();
  Model scorer = source_ ? source_->scorer(context().seed) : make_scorer(policy.model(), context().seed);
  return models.put(kCritic, std::make_unique<Engine>(std::move(scorer), policy.options()));
}

GrpoStepResult PpoStage::take_step(const OptimizerConfig& optimizer, const GrpoDraw& draw,
                                   const GrpoSources& sources) {
  OptimizerConfig of_critic = settings_.critic.optimizer;
  of_critic.lr = learning_rate(of_critic.schedule, of_critic.lr, draw.stage_step, steps());
  Models& models = context().models;
  return ppo_step({.loop = settings_.config, .gae = settings_.gae, .critic = settings_.critic},
                  {.policy = optimizer, .critic = of_critic}, draw,
                  {.policy = models.policy(), .critic = critic(), .reference = models.find(kReference)},
                  sources);
}

}  // namespace deepscaler
