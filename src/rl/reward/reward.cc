#include "rl/reward/reward.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/config.h"
#include "base/error.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "comm/ranks.h"
#include "data/grading.h"

namespace deepscaler {
namespace {

constexpr ConfigName<ResponseForm> kFormNames[] = {{"think-boxed", ResponseForm::kThinkBoxed},
                                                   {"think-answer", ResponseForm::kThinkAnswer}};
constexpr ConfigName<Language> kLanguageNames[] = {{"en", Language::kEnglish},  {"zh", Language::kChinese},
                                                   {"ja", Language::kJapanese}, {"ko", Language::kKorean},
                                                   {"ru", Language::kRussian},  {"el", Language::kGreek},
                                                   {"ar", Language::kArabic},   {"he", Language::kHebrew},
                                                   {"hi", Language::kHindi},    {"th", Language::kThai}};

void add_rewards(RolloutGroup& group, const RewardConfig& config, int64_t max_response_tokens) {
  const auto kinds = reward_kinds();
  for (size_t k = 0; k < kinds.size(); ++k) {
    const bool is_accuracy = k == 0;
    if (config.weights[k] == 0 && !is_accuracy) continue;
    const auto rewards = kinds[k].rewards({group, config, max_response_tokens});
    for (size_t i = 0; i < rewards.size(); ++i) {
      group.samples[i].rewards.push_back({std::string(kinds[k].name), rewards[i], config.weights[k]});
    }
  }
}

// A program may answer otherwise each time, so one rank runs it for all.
std::vector<std::optional<double>> rewards_of_leader(const CommandRewardConfig& command,
                                                     const std::vector<RolloutGroup>& groups) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();  // a reward is finite
  std::string bytes;
  if (ranks().leads()) {
    for (const std::optional<double>& reward : command_rewards(command, groups)) {
      const double number = reward.value_or(kNone);
      bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
    }
  }
  bytes = ranks().from_leader(bytes);
  std::vector<std::optional<double>> rewards;
  for (size_t at = 0; at < bytes.size(); at += sizeof(double)) {
    double number = kNone;
    std::memcpy(&number, bytes.data() + at, sizeof(number));
    rewards.push_back(std::isnan(number) ? std::nullopt : std::optional(number));
  }
  return rewards;
}

// `rewards` are those of all samples, group by group.
void add_part(std::vector<RolloutGroup>& groups, const std::string& name, double weight,
              const std::vector<std::optional<double>>& rewards) {
  auto reward = rewards.begin();
  for (RolloutGroup& group : groups) {
    for (RolloutSample& sample : group.samples) sample.rewards.push_back({name, *reward++, weight});
  }
}

// Throws Error where `name` is not a word or is among `names`; else adds it to them.
void require_own_name(const std::string& name, const char* what, const std::string& where,
                      std::vector<std::string>& names) {
  const bool word = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-';
  });
  if (!word || std::ranges::count(names, name) > 0) {
    throw Error(where, fmt::format("a {} can't be named \"{}\"", what, name),
                "take a word of its own, of letters, digits, _ and -");
  }
  names.push_back(name);
}

// The weighted sum; none where a part that counts is undecided.
std::optional<double> total(const std::vector<RewardPart>& parts) {
  double sum = 0;
  for (const RewardPart& part : parts) {
    if (part.weight == 0) continue;
    if (!part.value) return std::nullopt;
    sum += part.weight * *part.value;
  }
  return sum;
}

}  // namespace

RewardConfig::RewardConfig() : weights(reward_kinds().size(), 0.0) { weights.front() = 1; }

void bind(ConfigSection& s, RewardConfig& c) {
  const auto kinds = reward_kinds();
  for (size_t k = 0; k < kinds.size(); ++k) {
    s.field(kinds[k].name, c.weights[k], kinds[k].description)
        .range(-kLargestRewardWeight, kLargestRewardWeight);
  }
  s.choice("response_form", c.response_form, "the form that is rewarded", kFormNames);
  s.choice("target_language", c.target_language, "the language, told by its script", kLanguageNames);
  s.field("overlong_buffer_tokens", c.overlong_buffer_tokens,
          "tokens before the length limit over which the overlong penalty grows")
      .at_least(1);
  s.field("truncated_scale", c.truncated_scale,
          "factor of the whole reward of a response that was cut at the limit; 1 leaves it")
      .range(0, 1);
  s.field("max_undecided_share", c.max_undecided_share,
          "share of a step's samples that may be left undecided before the run stops")
      .range(0, 1);
  s.sections("command", c.commands, "rewards by external programs");
  s.sections("model", c.models, "rewards by reward models");
}

void validate(const RewardConfig& config, const std::string& where) {
  std::vector<std::string> names;
  for (const RewardKind& kind : reward_kinds()) names.emplace_back(kind.name);
  for (const CommandRewardConfig& command : config.commands) {
    require_own_name(command.name, "command", where, names);
    if (command.program.empty()) {
      throw Error(where, fmt::format("command \"{}\" has no program", command.name),
                  "name it: program = [\"python3\", \"reward.py\"]");
    }
    require_program(command, where);
  }
  for (const ModelRewardConfig& model : config.models) require_own_name(model.name, "model", where, names);
}

void grade_rollout(std::vector<RolloutGroup>& groups, const RewardConfig& config, int64_t max_response_tokens,
                   std::span<const RewardScorer> scorers) {
  DEEPSCALER_CHECK(scorers.size() == config.models.size());
  std::vector<std::pair<RolloutGroup*, RolloutSample*>> all;
  for (RolloutGroup& group : groups) {
    for (RolloutSample& sample : group.samples) all.emplace_back(&group, &sample);
  }
  Progress progress("grading", "responses", std::ssize(all));
  progress.within_a_step();
  parallel_for(std::ssize(all), [&](int64_t i) {
    auto& [group, sample] = all[i];
    sample->verdict = grade_response(*group->problem, sample->text, group->prompt.opened_thinking);
    sample->rewards.clear();
  });
  parallel_for(std::ssize(groups), [&](int64_t g) { add_rewards(groups[g], config, max_response_tokens); });
  for (const CommandRewardConfig& command : config.commands) {
    add_part(groups, command.name, command.weight, rewards_of_leader(command, groups));
  }
  for (size_t i = 0; i < scorers.size(); ++i) {
    const ModelRewardConfig& model = config.models[i];
    add_part(groups, model.name, model.weight, model_rewards(scorers[i], groups));
  }
  for (auto& [group, sample] : all) {
    sample->reward = total(sample->rewards);
    if (sample->reward && sample->truncated()) *sample->reward *= config.truncated_scale;
  }
}

}  // namespace deepscaler
