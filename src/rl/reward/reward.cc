#include "rl/reward/reward.h"

#include <algorithm>
#include <cctype>

#include "base/config.h"
#include "base/error.h"
#include "base/parallel.h"
#include "data/grading.h"
#include "rl/reward/reward_length.h"

namespace deepscaler {
namespace {

constexpr ConfigName<ResponseForm> kFormNames[] = {{"think-boxed", ResponseForm::kThinkBoxed},
                                                   {"think-answer", ResponseForm::kThinkAnswer}};
constexpr ConfigName<Language> kLanguageNames[] = {{"en", Language::kEnglish},  {"zh", Language::kChinese},
                                                   {"ja", Language::kJapanese}, {"ko", Language::kKorean},
                                                   {"ru", Language::kRussian},  {"el", Language::kGreek},
                                                   {"ar", Language::kArabic},   {"he", Language::kHebrew},
                                                   {"hi", Language::kHindi},    {"th", Language::kThai}};

// The built-in rewards: a weight's key in the recipe is the reward's name in metrics and rollouts.
struct BuiltInReward {
  std::string_view name;
  double RewardConfig::*weight;
  std::string_view description;
};
constexpr BuiltInReward kAccuracy = {"accuracy", &RewardConfig::accuracy, "weight of a right answer"};
constexpr BuiltInReward kFormat = {"format", &RewardConfig::format, "weight of the form of the response"};
constexpr BuiltInReward kLanguage = {"language", &RewardConfig::language,
                                     "weight of the share of words in the target language"};
constexpr BuiltInReward kLength = {"length", &RewardConfig::length, "weight of the length within the group"};
constexpr BuiltInReward kOverlong = {"overlong", &RewardConfig::overlong,
                                     "weight of the penalty near the length limit"};
constexpr BuiltInReward kBuiltInRewards[] = {kAccuracy, kFormat, kLanguage, kLength, kOverlong};

// All of the response where thinking never ended or was never begun.
std::string_view thinking_of(std::string_view response) {
  return response.substr(0, response.find("</think>"));
}

// The rewards that a sample has by itself.
void grade_sample(const RolloutGroup& group, RolloutSample& sample, const RewardConfig& config,
                  int64_t max_response_tokens) {
  const bool opened = group.prompt.opened_thinking;
  sample.verdict = grade_response(*group.problem, sample.text, opened);
  sample.rewards = {{std::string(kAccuracy.name), std::nullopt, config.accuracy}};
  if (!sample.verdict.undecided) sample.rewards[0].value = sample.verdict.score;
  if (config.format != 0) {
    const double format = format_reward(config.response_form, sample.text, opened);
    sample.rewards.push_back({std::string(kFormat.name), format, config.format});
  }
  if (config.language != 0) {
    const double share = language_share(thinking_of(sample.text), config.target_language);
    sample.rewards.push_back({std::string(kLanguage.name), share, config.language});
  }
  if (config.overlong != 0) {
    const double penalty = overlong_penalty(std::ssize(sample.generation.tokens), sample.truncated(),
                                            max_response_tokens, config.overlong_buffer_tokens);
    sample.rewards.push_back({std::string(kOverlong.name), penalty, config.overlong});
  }
}

void add_length_rewards(RolloutGroup& group, double weight) {
  std::vector<RatedLength> lengths;
  for (const RolloutSample& sample : group.samples) {
    lengths.push_back({std::ssize(sample.generation.tokens), sample.verdict.correct});
  }
  const auto rewards = length_rewards(lengths);
  for (size_t i = 0; i < rewards.size(); ++i) {
    group.samples[i].rewards.push_back({std::string(kLength.name), rewards[i], weight});
  }
}

void add_command_rewards(std::vector<RolloutGroup>& groups, const CommandRewardConfig& command) {
  const auto rewards = command_rewards(command, groups);
  auto reward = rewards.begin();
  for (RolloutGroup& group : groups) {
    for (RolloutSample& sample : group.samples) {
      sample.rewards.push_back({command.name, *reward++, command.weight});
    }
  }
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

void bind(ConfigSection& s, RewardConfig& c) {
  for (const BuiltInReward& reward : kBuiltInRewards)
    s.field(reward.name, c.*reward.weight, reward.description);
  s.choice("response_form", c.response_form, "the form that is rewarded", kFormNames);
  s.choice("target_language", c.target_language, "the language, told by its script", kLanguageNames);
  s.field("overlong_buffer_tokens", c.overlong_buffer_tokens,
          "tokens before the length limit over which the overlong penalty grows")
      .at_least(1);
  s.field("max_undecided_share", c.max_undecided_share,
          "share of a step's samples that may be left undecided before the run stops")
      .range(0, 1);
  s.sections("command", c.commands, "rewards by external programs");
}

void validate(const RewardConfig& config, const std::string& where) {
  std::vector<std::string_view> names;
  for (const BuiltInReward& reward : kBuiltInRewards) names.push_back(reward.name);
  for (const CommandRewardConfig& command : config.commands) {
    const bool word = !command.name.empty() && std::ranges::all_of(command.name, [](unsigned char c) {
      return std::isalnum(c) || c == '_' || c == '-';
    });
    if (!word || std::ranges::count(names, command.name) > 0) {
      throw Error(where, fmt::format("a command can't be named \"{}\"", command.name),
                  "take a word of its own, of letters, digits, _ and -");
    }
    if (command.program.empty()) {
      throw Error(where, fmt::format("command \"{}\" has no program", command.name),
                  "name it: program = [\"python3\", \"reward.py\"]");
    }
    names.push_back(command.name);
  }
}

void grade_rollout(std::vector<RolloutGroup>& groups, const RewardConfig& config,
                   int64_t max_response_tokens) {
  std::vector<std::pair<RolloutGroup*, RolloutSample*>> all;
  for (RolloutGroup& group : groups) {
    for (RolloutSample& sample : group.samples) all.emplace_back(&group, &sample);
  }
  parallel_for(std::ssize(all),
               [&](int64_t i) { grade_sample(*all[i].first, *all[i].second, config, max_response_tokens); });
  if (config.length != 0) {
    for (RolloutGroup& group : groups) add_length_rewards(group, config.length);
  }
  for (const CommandRewardConfig& command : config.commands) add_command_rewards(groups, command);
  for (auto& [group, sample] : all) sample->reward = total(sample->rewards);
}

}  // namespace deepscaler
