// `deepscaler eval`: pass@1 of a model on problems, with its interval.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/runtime_options.h"
#include "eval/evaluate.h"
#include "rl/recipe.h"

namespace deepscaler {
namespace {

struct Options {
  std::string model, output;
  DataConfig data;
  PromptConfig prompt;
  EvalConfig eval;
  GenerationMemory memory;
  RuntimeOptions runtime;
};

void print_summary(const EvalReport& report) {
  const Interval interval = report.pass_at_1();
  fmt::print(
      "pass@1 {:.1f} % [{:.1f}, {:.1f}] on {} problems; {:.1f} tokens, {:.1f} % truncated, {:.1f} % "
      "undecided\n",
      100 * interval.mean, 100 * interval.low, 100 * interval.high, report.ids.size(), report.mean_length(),
      100 * report.truncated_share(), 100 * report.undecided_share());
}

void run(const Options& options) {
  apply(options.runtime);
  const std::vector<Problem> problems = load_problems(options.data);
  if (problems.empty()) throw Error("eval", "there are no problems", "give --data or --kind and --count");
  const Model model = Model::load(options.model);
  const Tokenizer tokenizer = Tokenizer::load(options.model);
  const PromptEncoder encoder(tokenizer, options.prompt);
  Engine engine(model, options.memory.kv_memory_mib << 20);
  Progress progress("evaluating", "answers", std::ssize(problems) * options.eval.samples);
  const EvalReport report = evaluate(engine, encoder, problems, options.eval,
                                     [&](int64_t done, int64_t) { progress.update(done); });
  if (!options.output.empty()) {
    write_file_atomically(options.output, report_json(report, options.eval, model.hash()).dump(1) + "\n");
  }
  print_summary(report);
}

}  // namespace

void add_eval_command(CLI::App& app) {
  auto* command = app.add_subcommand("eval", "Measure pass@1 on problems, with its 95 % interval");
  auto options = std::make_shared<Options>();
  options->data.count = 200;
  options->data.held_out = true;
  command->add_option("--model", options->model, "Hugging Face folder or GGUF file")->required();
  command->add_option("--data", options->data.files, "problem files (DeepScaleR JSON, GSM8K or other JSONL)");
  command->add_option("--kind", options->data.kinds, "generated held-out problems of these kinds")
      ->delimiter(',');
  command->add_option("--count", options->data.count, "how many of them")->capture_default_str();
  command->add_option("--prompt", options->prompt.text, "the user's turn, with {problem}")
      ->capture_default_str();
  command->add_option("--system", options->prompt.system,
                      "the system message, in place of the chat template's");
  command->add_option("--samples", options->eval.samples, "answers a problem")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--temperature", options->eval.temperature, "0 takes the most likely token")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--max-tokens", options->eval.max_new_tokens, "longest response")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--seed", options->eval.seed, "of the random numbers")->capture_default_str();
  command->add_option("--output", options->output, "where to write the report with every sample, JSON");
  add_generation_memory(*command, options->memory);
  add_runtime_options(*command, options->runtime);
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
