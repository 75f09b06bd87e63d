// `deepscaler report`: the page of a run, or its picture.
#include <CLI/CLI.hpp>
#include <memory>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/run_report.h"

namespace deepscaler {

void add_report_command(CLI::App& app) {
  struct Options {
    std::string run, output, picture;
  };
  auto* command =
      app.add_subcommand("report", "Write a run's report: curves, results and rollouts in one HTML file");
  auto options = std::make_shared<Options>();
  command->add_option("run", options->run, "the run's folder")->required();
  auto* output = command->add_option("--output", options->output,
                                     "where to write it (default: report.html in the run's folder)");
  auto* picture =
      command->add_option("--picture", options->picture,
                          "write a picture of the run instead: an SVG file for a README or a slide");
  picture->excludes(output);
  command->callback([options, picture] {
    if (picture->empty()) {
      fmt::print("the report is in {}\n", write_run_report(options->run, options->output).string());
      return;
    }
    write_run_picture(options->run, options->picture);
    fmt::print("the picture is in {}\n", options->picture);
  });
}

}  // namespace deepscaler
