// `deepscaler data`: a data set out of raw problems, and a look at what was dropped on the way.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/config.h"
#include "base/config_manual.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/output_path.h"
#include "cli/program/version.h"
#include "cli/runtime_options.h"
#include "corpus/look.h"
#include "corpus/run_pipeline.h"

namespace deepscaler {
namespace {

struct Options {
  std::string pipeline, output;
  std::vector<std::string> overrides;
  RuntimeOptions runtime;
};

struct ShowOptions {
  std::string folder, dropped;
  int64_t limit = 10;
};

void run(const Options& options) {
  apply(options.runtime);
  PipelineRequest request{.config = read_config<PipelineConfig>(options.pipeline, options.overrides),
                          .where = options.pipeline,
                          .folder = options.output,
                          .program = fmt::format("{} {}", DEEPSCALER_VERSION, commit())};
  if (options.output.empty()) {
    request.folder = std::filesystem::path("datasets") / std::filesystem::path(options.pipeline).stem();
  }
  require_own_folder(request.folder);
  const PipelineOutcome outcome = run_pipeline(request);
  std::fputs(funnel_text(outcome.steps).c_str(), stdout);
  if (outcome.done_now == 0) fmt::print("every step was done already\n");
  int64_t failed = 0;
  for (const SummarizedStep& step : outcome.steps) {
    for (const auto& [reason, count] : step.summary.dropped) failed += reason == kModelFailed ? count : 0;
  }
  if (failed > 0) fmt::print("for {} records a model did not answer; the same command asks again\n", failed);
  const bool is_written = std::ranges::any_of(
      outcome.steps, [](const SummarizedStep& step) { return !step.summary.outputs.empty(); });
  if (is_written) {
    fmt::print("the data set is in {}\n", request.folder.string());
  } else {
    fmt::print("no data set is written; add a step with kind = \"write\". The records are in {}\n",
               (outcome.steps.back().folder / "kept.jsonl").string());
  }
}

void show(const ShowOptions& options) {
  const std::vector<SummarizedStep> steps = read_step_summaries(options.folder);
  const std::string text =
      options.dropped.empty() ? funnel_text(steps) : dropped_text(steps, options.dropped, options.limit);
  std::fputs(text.c_str(), stdout);
}

}  // namespace

void add_data_command(CLI::App& app) {
  auto* command = app.add_subcommand("data", "Make a data set out of raw problems, or go on with one");
  command->require_subcommand(0, 1);
  auto options = std::make_shared<Options>();
  command->add_option("pipeline", options->pipeline, "the pipeline, a TOML file");
  command->add_option("--output", options->output,
                      "the data set's folder (default: datasets/ and the pipeline's name)");
  command->add_option("--set", options->overrides, "override a key, e.g. root=FOLDER")
      ->allow_extra_args(false);
  command->add_flag_callback(
      "--help-pipeline",
      [] {
        std::fputs(config_manual(config_keys<PipelineConfig>()).c_str(), stdout);
        throw CLI::Success();
      },
      "print every key of a pipeline with its default, and exit");
  add_runtime_options(*command, options->runtime);

  auto* look = command->add_subcommand("show", "Print the steps of a data set, or what they dropped");
  auto shown = std::make_shared<ShowOptions>();
  look->add_option("folder", shown->folder, "the data set's folder")->required();
  look->add_option("--dropped", shown->dropped,
                   "records that were dropped for this reason, with the evidence");
  look->add_option("--limit", shown->limit, "so many records")
      ->check(whole_number(1, 1 << 30))
      ->capture_default_str();
  look->callback([shown] { show(*shown); });

  command->callback([command, options] {
    if (!command->get_subcommands().empty()) return;
    if (options->pipeline.empty()) throw CLI::RequiredError("pipeline");
    run(*options);
  });
}

}  // namespace deepscaler
