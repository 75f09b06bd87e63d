// `deepscaler score`: log-probabilities of given responses, computed as training computes them.
#include <CLI/CLI.hpp>
#include <memory>

#include "base/log.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/output_path.h"
#include "cli/runtime_options.h"
#include "generate/score_file.h"
#include "run/own_files.h"

namespace deepscaler {
namespace {

struct Options {
  std::string model, input, output;
  int64_t token_budget = 2048;
  int64_t top_tokens = 0;
  Precision precision;
  RuntimeOptions runtime;
};

std::string comparison_text(const ScoreComparison& c) {
  const std::string counted = fmt::format("{} responses, {} tokens", c.responses, c.tokens);
  if (c.compared == 0) return counted;
  if (c.different == 0) return counted + ", the recorded log-probabilities are the same bits";
  return fmt::format("{}; {} of {} recorded log-probabilities differ, by at most {:.3g}", counted,
                     c.different, c.compared, c.largest_difference);
}

void run(const Options& options) {
  apply(options.runtime);
  require_no_run(options.model);
  require_new_file(options.output, {options.input, options.model});
  Model model = load_for_use(options.model, options.precision);
  Engine engine(std::move(model), {.token_budget = options.token_budget});
  Progress progress("scoring", "tokens", 0);
  const ScoreComparison comparison = score_file(engine,
                                                {.input = options.input,
                                                 .output = options.output,
                                                 .model = options.model,
                                                 .top_tokens = options.top_tokens},
                                                [&](int64_t tokens) { progress.update(tokens); });
  log_info("{}", comparison_text(comparison));
}

}  // namespace

void add_score_command(CLI::App& app) {
  auto* command =
      app.add_subcommand("score", "Log-probabilities of given responses, as training computes them");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Hugging Face folder or GGUF file")->required();
  command
      ->add_option("--input", options->input,
                   "lines as `generate` writes them; responses of a prompt together")
      ->required();
  command->add_option("--output", options->output, "the same lines with new logprobs")->required();
  command
      ->add_option("--token-budget", options->token_budget,
                   "rows computed at a time; less is slower, not different")
      ->check(whole_number(1, 1 << 30))
      ->capture_default_str();
  command
      ->add_option("--top-tokens", options->top_tokens,
                   "write so many of the most likely tokens beside each token, for a stage of kind gkd")
      ->check(whole_number(1, 1 << 20));
  add_precision(*command, options->precision);
  add_runtime_options(*command, options->runtime);
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
