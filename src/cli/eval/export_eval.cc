// `deepscaler export-eval`: an evaluation in the files of other programs.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/output_path.h"
#include "eval/results_files.h"

namespace deepscaler {

namespace fs = std::filesystem;

void add_export_eval_command(CLI::App& app) {
  struct Options {
    std::string report, format, output;
  };
  auto* command =
      app.add_subcommand("export-eval", "Write an evaluation as lm-eval or lighteval write theirs");
  auto options = std::make_shared<Options>();
  command->add_option("report", options->report, "the report that `eval` wrote, X.json")->required();
  command->add_option("--format", options->format, "lm-eval (with samples) or lighteval")->required();
  command->add_option("--output", options->output, "a new folder for them")->required();
  command->callback([options] {
    const ResultsForm& form = find_results_form(options->format);
    const EvalReport report = read_report(options->report);
    require_own_folder(options->output);
    std::error_code fault;
    if (!fs::create_directories(options->output, fault) && (fault || !fs::is_empty(options->output, fault))) {
      throw Error(options->output, fault ? fault.message() : "holds files already", "name another --output");
    }
    form.write(options->output, report);
    fmt::print("the results are in {}\n", options->output);
  });
}

}  // namespace deepscaler
