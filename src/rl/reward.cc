#include "rl/reward.h"

#include "base/config.h"
#include "base/parallel.h"
#include "data/grading.h"
#include "rl/reward_length.h"

namespace deepscaler {
namespace {

constexpr ConfigName<ResponseForm> kFormNames[] = {{"think-boxed", ResponseForm::kThinkBoxed},
                                                   {"think-answer", ResponseForm::kThinkAnswer}};
constexpr ConfigName<Language> kLanguageNames[] = {{"en", Language::kEnglish},  {"zh", Language::kChinese},
                                                   {"ja", Language::kJapanese}, {"ko", Language::kKorean},
                                                   {"ru", Language::kRussian},  {"el", Language::kGreek},
                                                   {"ar", Language::kArabic},   {"he", Language::kHebrew},
                                                   {"hi", Language::kHindi},    {"th", Language::kThai}};

// All of the response where thinking never ended or was never begun.
std::string_view thinking_of(std::string_view response) {
  return response.substr(0, response.find("</think>"));
}

// The rewards that a sample has by itself.
void grade_sample(const RolloutGroup& group, RolloutSample& sample, const RewardConfig& config,
                  int64_t max_response_tokens) {
  const bool opened = group.prompt.opened_thinking;
  sample.verdict = grade_response(*group.problem, sample.text, opened);
  sample.rewards = {{"accuracy", std::nullopt, config.accuracy}};
  if (!sample.verdict.undecided) sample.rewards[0].value = sample.verdict.score;
  if (config.format != 0) {
    const double format = format_reward(config.response_form, sample.text, opened);
    sample.rewards.push_back({"format", format, config.format});
  }
  if (config.language != 0) {
    const double share = language_share(thinking_of(sample.text), config.target_language);
    sample.rewards.push_back({"language", share, config.language});
  }
  if (config.overlong != 0) {
    const double penalty = overlong_penalty(std::ssize(sample.generation.tokens), sample.truncated(),
                                            max_response_tokens, config.overlong_buffer_tokens);
    sample.rewards.push_back({"overlong", penalty, config.overlong});
  }
}

void add_length_rewards(RolloutGroup& group, double weight) {
  std::vector<RatedLength> lengths;
  for (const RolloutSample& sample : group.samples) {
    lengths.push_back({std::ssize(sample.generation.tokens), sample.verdict.correct});
  }
  const auto rewards = length_rewards(lengths);
  for (size_t i = 0; i < rewards.size(); ++i) {
    group.samples[i].rewards.push_back({"length", rewards[i], weight});
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
  s.field("accuracy", c.accuracy, "weight of a right answer");
  s.field("format", c.format, "weight of the form of the response");
  s.choice("response_form", c.response_form, "the form that is rewarded", kFormNames);
  s.field("language", c.language, "weight of the share of words in the target language");
  s.choice("target_language", c.target_language, "that language, told by its script", kLanguageNames);
  s.field("length", c.length, "weight of the length within the group");
  s.field("overlong", c.overlong, "weight of the penalty near the length limit");
  s.field("overlong_buffer_tokens", c.overlong_buffer_tokens,
          "tokens before the limit over which that penalty grows")
      .at_least(1);
  s.field("max_undecided_share", c.max_undecided_share,
          "share of a step's samples that may be left undecided before the run stops")
      .range(0, 1);
  s.sections("command", c.commands, "rewards by external programs");
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
