// `deepscaler audit`: whether a run is what its folder says.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/runtime_options.h"
#include "trust/audit.h"

namespace deepscaler {
namespace {

struct Options {
  std::string run;
  AuditSettings settings;
  RuntimeOptions runtime;
};

void run(const Options& options) {
  apply(options.runtime);
  const Audit audit = audit_run(options.run, options.settings);
  std::fputs(audit_text(audit).c_str(), stdout);
  if (audit.passed()) return;
  throw Error(options.run, fmt::format("{} records are not what the recipe makes", audit.differences.size()),
              "ask who made the run for its recipe, and run that");
}

}  // namespace

void add_audit_command(CLI::App& app) {
  auto* command =
      app.add_subcommand("audit", "Compute steps of a run anew and compare every record, bit for bit");
  auto options = std::make_shared<Options>();
  command->add_option("run", options->run, "the run's folder")->required();
  command
      ->add_option("--steps", options->settings.steps, "how many steps to choose; more than there are: all")
      ->check(positive());
  command->add_option("--seed", options->settings.seed, "of the choice")->check(is_seed());
  command
      ->add_option("--minutes", options->settings.minutes,
                   "choose steps that together take no longer, by the run's own times")
      ->check(between(0, 1e6));
  add_runtime_options(*command, options->runtime);
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
