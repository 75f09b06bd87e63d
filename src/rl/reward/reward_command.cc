#include "rl/reward/reward_command.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/config.h"
#include "base/error.h"
#include "base/process.h"

namespace deepscaler {
namespace {

using nlohmann::ordered_json;

constexpr const char* kForm = "answer each line with a number, {\"reward\": number} or null";
// An answer is a number; a program may say more in its object, but not this much a sample.
constexpr int64_t kMaxAnswerBytes = 1 << 16;

std::string sample_line(const RolloutGroup& group, size_t i) {
  const RolloutSample& sample = group.samples[i];
  const ordered_json accuracy =
      sample.verdict.undecided ? ordered_json(nullptr) : ordered_json(sample.verdict.score);
  const std::string& others = group.problem->record;
  const ordered_json record = others.empty() ? ordered_json::object() : ordered_json::parse(others);
  const ordered_json line = {{"id", group.problem->id},
                             {"sample", i},
                             {"problem", group.problem->problem},
                             {"answers", group.problem->answers},
                             {"solution", group.problem->solution},
                             {"record", record},
                             {"prompt", group.prompt_text},
                             {"response", sample.text},
                             {"tokens", sample.generation.tokens.size()},
                             {"finish_reason", finish_reason_name(sample.generation.finish_reason)},
                             {"accuracy", accuracy}};
  return line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

// The script that an interpreter is to run, or nothing.
std::optional<std::string> script_of(const std::vector<std::string>& command) {
  constexpr std::string_view kInterpreters[] = {"python", "bash", "sh", "perl", "ruby", "node", "Rscript"};
  const std::string name = std::filesystem::path(command[0]).filename();
  const bool interprets =
      std::ranges::any_of(kInterpreters, [&](auto known) { return name.starts_with(known); });
  if (!interprets || command.size() < 2 || command[1].starts_with('-')) return std::nullopt;
  return command[1];
}

std::optional<double> read_answer(std::string_view line, const std::string& where) {
  const auto refuse = [&] {
    const std::string shown(line.substr(0, 60));
    throw Error(where, fmt::format("answered '{}'", shown), kForm);
  };
  auto answer = nlohmann::json::parse(line, nullptr, false);
  if (answer.is_object()) {
    if (!answer.contains("reward")) refuse();
    answer = nlohmann::json(answer["reward"]);
  }
  if (answer.is_null()) return std::nullopt;
  if (!answer.is_number() || !std::isfinite(answer.get<double>())) refuse();
  const double reward = answer.get<double>();
  if (std::abs(reward) > kLargestReward) {
    throw Error(where, fmt::format("answered {}, whose square is beyond what advantages hold", reward),
                fmt::format("give rewards from -{0} to {0}", static_cast<int64_t>(kLargestReward)));
  }
  return reward;
}

}  // namespace

void bind(ConfigSection& s, CommandRewardConfig& c) {
  s.field("name", c.name, "name of the reward").required();
  s.field("program", c.program, "program and its arguments").required();
  s.field("weight", c.weight, "weight of the reward").range(-kLargestRewardWeight, kLargestRewardWeight);
  s.field("time_limit_s", c.time_limit_s, "for all samples of a rollout, in seconds").above(0);
}

void require_program(const CommandRewardConfig& config, const std::string& where) {
  if (!find_program(config.program[0])) {
    const std::string& program = config.program[0];
    const bool is_there = program.find('/') != std::string::npos && std::filesystem::exists(program);
    throw Error(where,
                fmt::format("reward {}: can't start {}: {}", config.name, program,
                            is_there ? "it is not executable" : "there is no such program"),
                "check the program's path and permissions");
  }
  const auto script = script_of(config.program);
  if (script && !std::filesystem::exists(*script)) {
    throw Error(where,
                fmt::format("reward {}: {} has no script {} to run", config.name, config.program[0], *script),
                "check the path; it starts at the folder from which deepscaler is run");
  }
}

std::vector<std::optional<double>> command_rewards(const CommandRewardConfig& config,
                                                   const std::vector<RolloutGroup>& groups) {
  const std::string where = fmt::format("reward {}", config.name);
  std::string input;
  size_t samples = 0;
  for (const RolloutGroup& group : groups) {
    for (size_t i = 0; i < group.samples.size(); ++i, ++samples) input += sample_line(group, i);
  }
  const ProcessLimits limits = {.time_s = config.time_limit_s,
                                .output_bytes = static_cast<int64_t>(samples + 1) * kMaxAnswerBytes};
  const std::string output = run_process(config.program, input, limits, where);

  std::vector<std::optional<double>> rewards;
  std::string_view rest = output;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    if (rewards.size() == samples) {
      throw Error(where, fmt::format("answered more than {} lines for {} samples", samples, samples), kForm);
    }
    rewards.push_back(
        read_answer(rest.substr(0, end), fmt::format("{}: line {}", where, rewards.size() + 1)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (rewards.size() < samples) {
    throw Error(where, fmt::format("answered {} lines for {} samples", rewards.size(), samples), kForm);
  }
  return rewards;
}

}  // namespace deepscaler
