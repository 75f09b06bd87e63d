// `deepscaler eval`: what share of problems a model solves, how surely, and whether that changed.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/eval/endpoint_flags.h"
#include "cli/eval/replay.h"
#include "cli/flag_checks.h"
#include "cli/output_path.h"
#include "cli/runtime_options.h"
#include "cli/sampling_flags.h"
#include "cli/template_flags.h"
#include "data/problem_set.h"
#include "eval/compare.h"
#include "eval/evaluate.h"
#include "eval/evaluate_endpoint.h"
#include "eval/markdown.h"
#include "eval/suite.h"
#include "generate/missing_samples.h"
#include "model/text_ends.h"
#include "run/own_files.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string model, output, suite;
  std::vector<std::string> files, kinds, compare;
  int64_t count = 200;
  int64_t data_seed = 1;
  std::optional<int64_t> limit, max_prompt_tokens;
  bool allow_settings = false;
  ReplayOptions replay;
  PromptConfig prompt;
  EvalConfig eval;
  EndpointFlags endpoint;
  GenerationMemory memory;
  RuntimeOptions runtime;

  [[nodiscard]] bool asks_a_server() const { return !endpoint.model.url.empty(); }
};

std::vector<Problem> problems_of(const Options& options) {
  if (!options.suite.empty()) {
    if (options.files.size() != 1)
      throw Error("--suite", "takes its files from one folder", "name the folder with --data");
    return suite_problems(find_suite(options.suite), options.files[0]);
  }
  const DataConfig data = {.files = options.files,
                           .kinds = options.kinds,
                           .count = options.kinds.empty() ? 0 : options.count,
                           .seed = options.data_seed,
                           .held_out = true};
  // A problem whose reference can't be read stays: its samples with an answer are undecided, and counted as
  // such.
  return load_problems(data, "--data", UnreadableAnswers::kKeep);
}

std::vector<Problem> eval_problems(const Options& options) {
  auto problems = problems_of(options);
  if (problems.empty()) throw Error("eval", "there are no problems", "give --data or --kind");
  if (options.limit) {
    std::map<std::string, int64_t> taken;
    std::erase_if(problems, [&](const Problem& problem) { return ++taken[problem.source] > *options.limit; });
  }
  warn_of_copies(problems, "--data");
  warn_of_equal_samples("--samples", options.eval.sampling.temperature, options.eval.samples);
  return problems;
}

// The files of a report beside each other: X.json, X.md, and X.samples.jsonl while and after it runs.
fs::path beside(const Options& options, const char* extension) {
  return fs::path(options.output).replace_extension(extension);
}

// Whether a page is markdown()'s.
bool is_page(const fs::path& path) {
  std::string line;
  std::ifstream file(path, std::ios::binary);
  return std::getline(file, line) && line == "# Evaluation";
}

// The three files are one evaluation's or none's: what else is there stays as it is.
void check_output(const Options& options) {
  if (options.output.empty()) return;
  require_ending(options.output, ".json",
                 "name the report X.json; X.md and X.samples.jsonl are written beside it");
  Inputs inputs = options.files;
  if (!options.asks_a_server()) inputs.push_back(options.model);
  const fs::path samples = beside(options, ".samples.jsonl"), page = beside(options, ".md");
  require_place_for(samples, inputs);
  if (fs::exists(samples) && is_report(options.output))
    require_place_for(options.output, inputs);
  else
    require_new_file(options.output, inputs, "name another --output");
  if (fs::exists(samples) && is_page(page))
    require_place_for(page, inputs);
  else
    require_new_file(page, inputs, "name another --output");
}

std::optional<SampleLog> open_log(const Options& options, const EvalSettings& settings) {
  if (options.output.empty()) return std::nullopt;
  const fs::path samples = beside(options, ".samples.jsonl");
  return std::optional<SampleLog>(std::in_place, samples, settings);
}

void leave_out_long_prompts(std::vector<Problem>& problems, const PromptEncoder& encoder, int64_t most) {
  const int64_t left_out = leave_out_long(problems, encoder, most);
  if (left_out > 0)
    log_warning("{} problems have prompts of more than {} tokens and are left out", left_out, most);
  if (problems.empty()) throw Error("--max-prompt-tokens", "no problem has so short a prompt", "raise it");
}

// Carries out an evaluation of so many samples with its progress on the screen, and says what is kept where
// it ends early.
EvalReport watch(const Options& options, const EvalSettings& settings, int64_t total, int64_t side_by_side,
                 const std::function<EvalReport(const EvalProgress&, SampleLog*)>& evaluation) {
  std::optional<SampleLog> log = open_log(options, settings);
  const std::string kept_in = beside(options, ".samples.jsonl").string();
  const int64_t earlier = log ? std::ssize(log->earlier()) : 0;
  if (earlier > 0) log_info("{} of {} answers are there already", earlier, total);
  Progress progress("evaluating", "answers", total, earlier);
  progress.side_by_side(side_by_side);
  int64_t done = earlier;
  const StopNotice notice(
      log ? fmt::format("stopping: finished answers are kept in {}, and the same command goes on from there",
                        kept_in)
          : "stopping: without --output nothing is kept");
  try {
    return evaluation(
        [&](int64_t finished, int64_t right) {
          done = finished;
          progress.set("right", fmt::format("{:.1f} %", 100.0 * static_cast<double>(right) / finished));
          progress.update(finished);
        },
        log ? &*log : nullptr);
  } catch (...) {
    if (log && done > 0)
      log_info("{} of {} answers are kept in {}; the same command goes on from there", done, total, kept_in);
    throw;
  }
}

EvalReport evaluate_here(const Options& options, std::vector<Problem> problems) {
  require_no_run(options.model);
  Model model = load_for_use(options.model, options.memory.precision);
  const Tokenizer tokenizer = load_tokenizer(options.model);
  model.end_responses_at(tokenizer.ends());
  const PromptEncoder encoder(tokenizer, options.prompt);
  if (options.max_prompt_tokens) leave_out_long_prompts(problems, encoder, *options.max_prompt_tokens);
  const EvalSettings settings = eval_settings(model, options.model, encoder, problems, options.eval);
  Generator generator(model, options.memory.kv_memory_mib << 20);
  return watch(options, settings, std::ssize(problems) * options.eval.samples, Generator::most_side_by_side(),
               [&](const EvalProgress& progress, SampleLog* log) {
                 return evaluate(generator, encoder, problems, settings, progress, log);
               });
}

EvalReport evaluate_there(const Options& options, const std::vector<Problem>& problems) {
  EndpointModel model = options.endpoint.model;
  model.name = options.model;
  const EvalSettings settings = endpoint_settings(model, options.prompt, problems, options.eval);
  ChatEndpoint endpoint(endpoint_options(options.endpoint));
  const int64_t side_by_side = options.endpoint.side_by_side;
  return watch(options, settings, std::ssize(problems) * options.eval.samples, side_by_side,
               [&](const EvalProgress& progress, SampleLog* log) {
                 return evaluate_endpoint(endpoint, problems, settings, side_by_side, progress, log);
               });
}

void run_evaluation(const Options& options) {
  std::vector<Problem> problems = eval_problems(options);
  const EvalReport report = options.asks_a_server() ? evaluate_there(options, problems)
                                                    : evaluate_here(options, std::move(problems));
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
  if (!options.replay.samples.empty()) return replay(options.replay, options.files, options.output);
  if (options.compare.empty()) {
    check_output(options);
    return run_evaluation(options);
  }
  const EvalComparison comparison =
      compare(read_report(options.compare[0]), read_report(options.compare[1]),
              options.allow_settings ? OtherSettings::kAllow : OtherSettings::kRefuse);
  std::fputs(comparison_markdown(comparison).c_str(), stdout);
}

// A suite is sampled by its protocol where the command line does not say otherwise.
void take_protocol(const CLI::App& command, const EvalConfig& protocol, EvalConfig& config) {
  const auto given = [&](const char* option) { return command.get_option(option)->count() > 0; };
  if (!given("--samples")) config.samples = protocol.samples;
  if (!given("--temperature")) config.sampling.temperature = protocol.sampling.temperature;
  if (!given("--top-p")) config.sampling.top_p = protocol.sampling.top_p;
  if (!given("--max-response-tokens"))
    config.sampling.max_response_tokens = protocol.sampling.max_response_tokens;
}

// Options that another one leaves nothing to do.
void refuse_without_effect(const CLI::App& command, const std::string& mode,
                           const std::vector<std::string>& used) {
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_name();
    const bool of_runtime = name == "--threads" || name == "--kernels" || name == "--device";
    if (option->count() == 0 || of_runtime || std::ranges::count(used, name) > 0) continue;
    throw Error(name, fmt::format("has no effect with {}", mode), "leave it out");
  }
}

}  // namespace

void add_eval_command(CLI::App& app) {
  auto* command =
      app.add_subcommand("eval", "Measure pass@1, pass@k and maj@k on problems, with 95 % intervals");
  auto options = std::make_shared<Options>();
  auto* model = command->add_option("--model", options->model,
                                    "Hugging Face folder or GGUF file; with --endpoint the name there");
  command->add_option("--data", options->files, "problem files (DeepScaleR JSON, GSM8K or other JSONL)");
  auto* kind = command->add_option("--kind", options->kinds, "generated held-out problems of these kinds")
                   ->delimiter(',');
  command
      ->add_option(
          "--suite", options->suite,
          "benchmarks with their protocol: math (AIME, AMC, MATH-500, Minerva, OlympiadBench, HMMT, BRUMO), "
          "from the files in the folder --data")
      ->excludes(kind);
  command->add_option("--count", options->count, "how many of them")
      ->check(whole_number(1, 1 << 30))
      ->needs(kind)
      ->capture_default_str();
  command->add_option("--data-seed", options->data_seed, "which of them")
      ->check(is_seed())
      ->needs(kind)
      ->capture_default_str();
  command->add_option("--limit", options->limit, "only the first so many problems of each set")
      ->check(whole_number(1, 1 << 30));
  command
      ->add_option("--max-prompt-tokens", options->max_prompt_tokens,
                   "leave out problems with longer prompts, and say how many; else the first one is an error")
      ->check(whole_number(1, 1 << 30));
  command->add_option("--prompt", options->prompt.text, "the user's turn, with {problem}")
      ->check(is_text())
      ->capture_default_str();
  command
      ->add_option("--system", options->prompt.system, "the system message, in place of the chat template's")
      ->check(is_text());
  add_template_flags(*command, options->prompt);
  command->add_option("--samples", options->eval.samples, "answers a problem")
      ->check(whole_number(1, 1 << 20))
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
  auto* replay = add_replay_flags(*command, options->replay)->excludes(model)->excludes(compare);
  add_generation_memory(*command, options->memory);
  add_runtime_options(*command, options->runtime);
  add_endpoint_flags(*command, options->endpoint,
                     {"--max-prompt-tokens", "--tools", "--chat-template-kwargs", "--enable-thinking",
                      "--date", "--kv-memory", "--dtype", "--products", "--kv", "--compare"});
  command->callback([options, command, compare, replay] {
    if (replay->count() > 0)
      refuse_without_effect(*command, "--replay", {"--replay", "--graders", "--data", "--output"});
    else if (compare->count() > 0)
      refuse_without_effect(*command, "--compare", {"--compare", "--allow-settings"});
    else if (options->model.empty())
      throw CLI::RequiredError("--model, --compare or --replay");
    if (!options->suite.empty()) take_protocol(*command, find_suite(options->suite).protocol, options->eval);
    run(*options);
  });
}

}  // namespace deepscaler
