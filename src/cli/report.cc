// `deepscaler report`: the page of a run.
#include <CLI/CLI.hpp>
#include <memory>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/run_report.h"

namespace deepscaler {

void add_report_command(CLI::App& app) {
  struct Options {
    std::string run, output;
  };
  auto* command =
      app.add_subcommand("report", "Write a run's report: curves, results and rollouts in one HTML file");
  auto options = std::make_shared<Options>();
  command->add_option("run", options->run, "the run's folder")->required();
  command->add_option("--output", options->output,
                      "where to write it (default: report.html in the run's folder)");
  command->callback([options] {
    fmt::print("the report is in {}\n", write_run_report(options->run, options->output).string());
  });
}

}  // namespace deepscaler
