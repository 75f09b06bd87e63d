// `deepscaler eval`: what share of problems a model solves, how surely, and whether that changed.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/runtime_options.h"
#include "cli/sampling_flags.h"
#include "data/problem_set.h"
#include "eval/compare.h"
#include "eval/evaluate.h"
#include "eval/markdown.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string model, output;
  std::vector<std::string> files, kinds, compare;
  int64_t count = 200;
  int64_t data_seed = 1;
  bool allow_settings = false;
  PromptConfig prompt;
  EvalConfig eval;
  GenerationMemory memory;
  RuntimeOptions runtime;
};

std::vector<Problem> eval_problems(const Options& options) {
  const DataConfig data = {.files = options.files,
                           .kinds = options.kinds,
                           .count = options.count,
                           .seed = options.data_seed,
                           .held_out = true};
  // A problem whose reference can't be read stays: its samples are undecided, and counted as such.
  auto problems = load_problems(data, "--data", UnreadableAnswers::kKeep);
  if (problems.empty()) throw Error("eval", "there are no problems", "give --data or --kind");
  return problems;
}

// The files of a report beside each other: X.json, X.md, and X.samples.jsonl while and after it runs.
fs::path beside(const Options& options, const char* extension) {
  return fs::path(options.output).replace_extension(extension);
}

std::optional<SampleLog> open_log(const Options& options, const EvalSettings& settings) {
  if (options.output.empty()) return std::nullopt;
  const fs::path samples = beside(options, ".samples.jsonl");
  if (fs::exists(options.output) && !fs::exists(samples)) {
    throw Error(options.output, "is there already, without the samples that it was made from",
                "name another --output, or remove it");
  }
  return std::optional<SampleLog>(std::in_place, samples, settings);
}

EvalReport evaluate_model(const Options& options) {
  const std::vector<Problem> problems = eval_problems(options);
  Model model = Model::load(options.model);
  model.compute_in(compute_type_from_name(options.memory.dtype));
  const Tokenizer tokenizer = Tokenizer::load(options.model);
  const PromptEncoder encoder(tokenizer, options.prompt);
  const EvalSettings settings = eval_settings(model, options.model, options.prompt, problems, options.eval);
  std::optional<SampleLog> log = open_log(options, settings);
  const int64_t total = std::ssize(problems) * options.eval.samples;
  const int64_t earlier = log ? std::ssize(log->earlier()) : 0;
  if (earlier > 0) log_info("{} of {} answers are there already", earlier, total);
  Generator generator(model, options.memory.kv_memory_mib << 20);
  Progress progress("evaluating", "answers", total, earlier);
  progress.side_by_side(Generator::most_side_by_side());
  int64_t done = earlier;
  try {
    return evaluate(
        generator, encoder, problems, settings,
        [&](int64_t finished, int64_t right) {
          done = finished;
          progress.set("right", fmt::format("{:.1f} %", 100.0 * static_cast<double>(right) / finished));
          progress.update(finished);
        },
        log ? &*log : nullptr);
  } catch (const Interrupted&) {
    if (log) {
      log_info("{} of {} answers are kept in {}; the same command goes on from there", done, total,
               beside(options, ".samples.jsonl").string());
    }
    throw;
  }
}

void run_evaluation(const Options& options) {
  const EvalReport report = evaluate_model(options);
  if (!options.output.empty()) {
    write_report(options.output, report);
    write_file_atomically(beside(options, ".md"), report_markdown(report));
  }
  std::fputs(summary_markdown(summarize(report)).c_str(), stdout);
  if (!options.output.empty()) {
    fmt::print("the report is in {} and {}\n", options.output, beside(options, ".md").string());
  }
}

void run(const Options& options) {
  apply(options.runtime);
  if (options.compare.empty()) return run_evaluation(options);
  const EvalComparison comparison =
      compare(read_report(options.compare[0]), read_report(options.compare[1]),
              options.allow_settings ? OtherSettings::kAllow : OtherSettings::kRefuse);
  std::fputs(comparison_markdown(comparison).c_str(), stdout);
}

}  // namespace

void add_eval_command(CLI::App& app) {
  auto* command =
      app.add_subcommand("eval", "Measure pass@1, pass@k and maj@k on problems, with 95 % intervals");
  auto options = std::make_shared<Options>();
  auto* model = command->add_option("--model", options->model, "Hugging Face folder or GGUF file");
  command->add_option("--data", options->files, "problem files (DeepScaleR JSON, GSM8K or other JSONL)");
  command->add_option("--kind", options->kinds, "generated held-out problems of these kinds")->delimiter(',');
  command->add_option("--count", options->count, "how many of them")
      ->check(positive())
      ->capture_default_str();
  command->add_option("--data-seed", options->data_seed, "which of them")
      ->check(is_seed())
      ->capture_default_str();
  command->add_option("--prompt", options->prompt.text, "the user's turn, with {problem}")
      ->capture_default_str();
  command->add_option("--system", options->prompt.system,
                      "the system message, in place of the chat template's");
  command->add_option("--samples", options->eval.samples, "answers a problem")
      ->check(positive())
      ->capture_default_str();
  add_sampling_flags(*command, options->eval.sampling);
  command->add_option("--seed", options->eval.seed, "of the random numbers")
      ->check(is_seed())
      ->capture_default_str();
  command->add_option("--output", options->output,
                      "the report with every sample, X.json; X.md and X.samples.jsonl are written beside it, "
                      "and a stopped evaluation goes on from there");
  auto* compare = command
                      ->add_option("--compare", options->compare,
                                   "instead: two reports, before and after; their difference by problem")
                      ->expected(2)
                      ->excludes(model);
  command->add_flag("--allow-settings", options->allow_settings, "compare although prompt or sampling differ")
      ->needs(compare);
  add_generation_memory(*command, options->memory);
  add_runtime_options(*command, options->runtime);
  command->callback([options] {
    if (options->compare.empty() && options->model.empty()) throw CLI::RequiredError("--model or --compare");
    run(*options);
  });
}

}  // namespace deepscaler
