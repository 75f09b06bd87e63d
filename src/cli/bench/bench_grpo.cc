// `deepscaler bench grpo`: the time of a step of reinforcement learning on a model, by part, in one line of
// JSON. It is the step of `deepscaler train` with two changes: every answer goes on to the full length, and
// graded answers then get random rewards, so that no group is skipped and the work is the same whatever is
// sampled.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/stopwatch.h"
#include "base/temporary_folder.h"
#include "cli/bench/bench_figures.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/runtime_options.h"
#include "formats/jsonl.h"
#include "rl/grpo.h"
#include "rl/rollout/rollout_log.h"
#include "run/own_files.h"
#include "text/tokenizer/tokenizer.h"
#include "track/run_log.h"

namespace deepscaler {
namespace {

struct Options {
  std::string model, prompts;
  int64_t samples = 8, max_tokens = 64, steps = 1, kv_memory_mib = 2048, token_budget = 2048;
  RuntimeOptions runtime;
};

constexpr uint64_t kSeed = 1;

// Lines {"messages": [{"role": "user", "content": TEXT}]}. They have no answer, so a reference stands in
// that costs the grader its usual work.
std::vector<Problem> read_prompts(const std::filesystem::path& path) {
  std::vector<Problem> problems;
  JsonlReader lines(path);
  for (nlohmann::json line; lines.next(line);) {
    const auto content = nlohmann::json::json_pointer("/messages/0/content");
    if (!line.contains(content) || !line[content].is_string()) {
      throw Error(lines.where(), "has no messages[0].content", "a line holds one user's turn");
    }
    problems.push_back({.id = std::to_string(problems.size()), .problem = line[content], .answers = {"0"}});
  }
  if (problems.empty()) throw Error(path.string(), "holds no prompts", "name a file of JSON lines");
  return problems;
}

void randomize_rewards(std::vector<RolloutGroup>& groups) {
  for (RolloutGroup& group : groups) {
    const Rng rng(kSeed, {hash_name("rewards"), hash_name(group.problem->id)});
    for (size_t i = 0; i < group.samples.size(); ++i) group.samples[i].reward = rng.uniform(i);
  }
}

struct StepTimes {
  double step, generate, grade, train, log;
};

void bench_grpo(const Options& options) {
  apply(options.runtime);
  require_no_run(options.model);
  Engine policy(Model::load(options.model),
                {.kv_memory_bytes = options.kv_memory_mib << 20, .token_budget = options.token_budget});
  const Tokenizer tokenizer = Tokenizer::load(options.model);
  const PromptEncoder encoder(tokenizer, {.text = "{problem}"});
  const auto problems = read_prompts(options.prompts);
  const TemporaryFolder folder;
  RunLog log(RunLayout{folder.path()});

  GrpoConfig config;
  config.rollout.problems_per_step = std::ssize(problems);
  config.rollout.samples_per_problem = options.samples;
  config.rollout.sampling.max_response_tokens = options.max_tokens;
  config.reward.max_undecided_share = 1;
  std::vector<StepTimes> times;
  for (int64_t step = 0; step <= options.steps; ++step) {
    const GrpoSources sources = {.generate =
                                     [&](const std::vector<const Problem*>& drawn) {
                                       return roll_out(
                                           policy.generator(), encoder, drawn, options.samples,
                                           {.sampling = {.max_response_tokens = options.max_tokens},
                                            .seed = kSeed,
                                            .step = static_cast<uint64_t>(step),
                                            .ignore_eos = true});
                                     },
                                 .grade =
                                     [&](std::vector<RolloutGroup>& groups) {
                                       grade_rollout(groups, config.reward, options.max_tokens);
                                       randomize_rewards(groups);
                                     }};
    const Stopwatch whole;
    const GrpoStepResult result = grpo_step(
        config, {}, {.problems = problems, .seed = kSeed, .stage_step = step}, {.policy = policy}, sources);
    const Stopwatch records;
    write_file_atomically(folder.path() / "rollouts.jsonl", rollout_lines(result.groups));
    log.record(step + 1, result.metrics);
    times.push_back({whole.seconds(), *result.metrics.get("time/generate"), *result.metrics.get("time/grade"),
                     *result.metrics.get("time/train"), records.seconds()});
  }

  times.erase(times.begin());  // it also took the memory of all steps
  std::ranges::sort(times, {}, &StepTimes::step);
  const StepTimes& median = times[times.size() / 2];
  const auto completion_tokens =
      static_cast<double>(std::ssize(problems) * options.samples * options.max_tokens);
  print_figures({{"engine", "deepscaler"},
                 {"kernels", default_device().name()},
                 {"dtype", "f32"},
                 {"prompts", problems.size()},
                 {"samples", options.samples},
                 {"new_tokens", options.max_tokens},
                 {"step_seconds", median.step},
                 {"generate_seconds", median.generate},
                 {"grade_seconds", median.grade},
                 {"train_seconds", median.train},
                 {"log_seconds", median.log},
                 {"completion_tokens_per_second", completion_tokens / median.step},
                 {"peak_mib", peak_mib()}});
}

}  // namespace

void add_bench_grpo_command(CLI::App& bench) {
  auto options = std::make_shared<Options>();
  auto* command = bench.add_subcommand("grpo", "seconds of a step of reinforcement learning, by part");
  command->add_option("--model", options->model, "Hugging Face folder or GGUF file")->required();
  command->add_option("--prompts", options->prompts, "JSONL file of lines with `messages`")->required();
  command->add_option("--samples", options->samples, "responses a prompt")
      ->check(CLI::Range(2, 1 << 16))
      ->capture_default_str();
  command->add_option("--max-response-tokens", options->max_tokens, "of each response")
      ->check(positive())
      ->capture_default_str();
  command->add_option("--steps", options->steps, "to time after one that is not; the median counts")
      ->check(positive())
      ->capture_default_str();
  command->add_option("--kv-memory", options->kv_memory_mib, "MiB for keys and values")
      ->check(positive())
      ->capture_default_str();
  command->add_option("--token-budget", options->token_budget, "rows of a micro-batch in training")
      ->check(positive())
      ->capture_default_str();
  add_runtime_options(*command, options->runtime);
  command->callback([options] { bench_grpo(*options); });
}

}  // namespace deepscaler
