// The program: parses the command line, runs one subcommand, and turns what goes wrong into one line
// on stderr and an exit code: 0 done, 1 bad input or a failed run, 2 a wrong command line.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>

#include "cli/commands.h"
#include "cli/program/version.h"

int main(int argc, char** argv) {
  CLI::App app("Reinforcement learning for small reasoning models, on CPUs.", "deepscaler");
  app.require_subcommand(1);
  app.set_version_flag("--version", deepscaler::version_text,
                       "Print the version, the commit, kernels and devices");
  deepscaler::add_bench_command(app);
  deepscaler::add_completion_command(app);
  deepscaler::add_convert_command(app);
  deepscaler::add_eval_command(app);
  deepscaler::add_fetch_command(app);
  deepscaler::add_generate_command(app);
  deepscaler::add_init_command(app);
  deepscaler::add_inspect_command(app);
  deepscaler::add_manual_command(app);
  deepscaler::add_plan_command(app);
  deepscaler::add_problems_command(app);
  deepscaler::add_report_command(app);
  deepscaler::add_score_command(app);
  deepscaler::add_sft_command(app);
  deepscaler::add_show_command(app);
  deepscaler::add_tokenize_command(app);
  deepscaler::add_train_command(app);
  deepscaler::add_verify_command(app);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr,
                 "deepscaler: there is not enough memory; take fewer or shorter responses, less --kv-memory "
                 "or a smaller token budget\n");
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "deepscaler: %s\n", error.what());
    return 1;
  }
}
