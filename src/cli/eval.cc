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
#include "data/dataset.h"
#include "data/generators.h"
#include "data/grading.h"
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

// A problem whose reference can't be read stays: its samples are undecided, and counted as such.
std::vector<Problem> eval_problems(const Options& options) {
  std::vector<Problem> problems;
  if (!options.files.empty()) {
    Dataset dataset = read_dataset(std::vector<fs::path>(options.files.begin(), options.files.end()));
    if (dataset.without_answer > 0) {
      log_warning("{} problems without an answer are left out", dataset.without_answer);
    }
    problems = std::move(dataset.problems);
  }
  if (!options.kinds.empty()) {
    auto generated = generate_problems({.kinds = options.kinds,
                                        .split = Split::kTest,
                                        .seed = static_cast<uint64_t>(options.data_seed),
                                        .count = options.count});
    std::ranges::move(generated, std::back_inserter(problems));
  }
  if (problems.empty()) throw Error("eval", "there are no problems", "give --data or --kind");
  for (const Problem& p : problems) {
    if (is_gradable(p)) continue;
    log_warning("problem {}: the verifier can't read its answer '{}', so it stays undecided", p.id,
                p.answers[0]);
  }
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
  Engine engine(model, options.memory.kv_memory_mib << 20);
  Progress progress("evaluating", "answers", total, earlier);
  progress.side_by_side(Engine::most_side_by_side());
  int64_t done = earlier;
  try {
    return evaluate(
        engine, encoder, problems, settings,
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

void add_sampling_options(CLI::App& command, EvalConfig& eval) {
  command.add_option("--samples", eval.samples, "answers a problem")
      ->check(positive())
      ->capture_default_str();
  command.add_option("--temperature", eval.temperature, "0 takes the most likely token")
      ->check(not_negative())
      ->capture_default_str();
  command
      .add_option("--top-p", eval.top_p, "keep the most likely tokens up to this probability; 1 keeps all")
      ->check(CLI::Range(1e-6, 1.0))
      ->capture_default_str();
  command.add_option("--top-k", eval.top_k, "keep this many of the most likely tokens; 0 keeps all")
      ->check(not_negative())
      ->capture_default_str();
  command
      .add_option("--min-p", eval.min_p,
                  "drop tokens less likely than this share of the likeliest; 0 keeps all")
      ->check(CLI::Range(0.0, 0.999))
      ->capture_default_str();
  command.add_option("--max-tokens", eval.max_new_tokens, "longest response")
      ->check(positive())
      ->capture_default_str();
  command.add_option("--seed", eval.seed, "of the random numbers")->check(is_seed())->capture_default_str();
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
  add_sampling_options(*command, options->eval);
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
