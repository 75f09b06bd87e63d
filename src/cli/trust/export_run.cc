// `deepscaler export-run`: the metrics of a run for other programs.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/output_path.h"
#include "trust/metrics_csv.h"

namespace deepscaler {

void add_export_run_command(CLI::App& app) {
  struct Options {
    std::string run, output;
    bool csv = false;
  };
  auto* command = app.add_subcommand("export-run", "Write the metrics of a run as a table, for notebooks");
  auto options = std::make_shared<Options>();
  command->add_option("run", options->run, "the run's folder")->required();
  command->add_flag("--csv", options->csv, "as comma-separated values, a row a line of metrics.jsonl")
      ->required();
  command->add_option("--output", options->output, "where to write it (default: standard output)");
  command->callback([options] {
    if (!options->output.empty()) {
      require_new_file(options->output, {}, "remove it, or choose another --output", {.run = options->run});
    }
    const std::string table = metrics_csv(read_run(options->run));
    if (options->output.empty())
      std::fputs(table.c_str(), stdout);
    else
      write_file_atomically(options->output, table);
  });
}

}  // namespace deepscaler
