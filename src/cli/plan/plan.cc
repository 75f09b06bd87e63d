// `deepscaler plan`: what a recipe will take, before anything is loaded or computed.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/plan/plan_hours.h"
#include "cli/recipe/shipped_recipes.h"
#include "model/model.h"
#include "model/model_file.h"
#include "run/plan_advice.h"

namespace deepscaler {
namespace {

struct Options {
  std::string recipe;
  std::vector<std::string> overrides;
  std::optional<double> memory_gib;
  bool hours = false;
  HoursOptions of_hours;
};

double mib(int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

int64_t bytes_of(const MemoryPlan& plan, const std::string& part) {
  const auto found = std::ranges::find(plan.parts, part, &MemoryPart::name);
  return found == plan.parts.end() ? 0 : found->bytes;
}

void print_row(const std::string& name, const std::vector<StagePlan>& stages, const auto& bytes) {
  fmt::print("{:<28}", name);
  for (const StagePlan& stage : stages) fmt::print(" {:>16.1f}", mib(bytes(stage.memory)));
  fmt::print("\n");
}

// The parts in the order in which they come, over all stages.
std::vector<std::string> part_names(const std::vector<StagePlan>& stages) {
  std::vector<std::string> names;
  for (const StagePlan& stage : stages) {
    for (const MemoryPart& part : stage.memory.parts) {
      if (std::ranges::find(names, part.name) == names.end()) names.push_back(part.name);
    }
  }
  return names;
}

void run(const Options& options) {
  const Recipe recipe = read_recipe(recipe_file(options.recipe), options.overrides);
  const ModelConfig model = options.hours && !options.of_hours.config.empty()
                                ? read_hf_config(options.of_hours.config)
                                : read_model_config(recipe.start());
  const RecipePlan plan = plan_recipe(recipe, model);
  if (options.hours) return print_hours(recipe, plan, options.of_hours);
  fmt::print("{} parameters, dtype {}, token_budget {}, recompute \"{}\"\n\n{:<28}", plan.parameters,
             recipe.model.dtype, recipe.token_budget, recipe.recompute == Recompute::kNone ? "none" : "layer",
             "memory, MiB");
  for (const StagePlan& stage : plan.stages) fmt::print(" {:>16}", stage.name.substr(0, 16));
  fmt::print("\n");
  for (const std::string& name : part_names(plan.stages)) {
    print_row(name, plan.stages, [&](const MemoryPlan& memory) { return bytes_of(memory, name); });
  }
  // Training and generation take turns, so this is less than the sum.
  print_row("at most at a time", plan.stages, [](const MemoryPlan& memory) { return memory.total(); });
  const int64_t available = options.memory_gib
                                ? static_cast<int64_t>(*options.memory_gib * (int64_t{1} << 30))
                                : available_memory();
  fmt::print("{:<28} {:>16.1f}\n", "available", mib(available));
  require_memory(recipe, plan, available);
}

}  // namespace

void add_plan_command(CLI::App& app) {
  auto* command = app.add_subcommand(
      "plan", "Say how much memory, or time, energy and money, the stages of a recipe will take");
  auto options = std::make_shared<Options>();
  command->add_option("recipe", options->recipe, kRecipeArgument)->required();
  command->add_option("--set", options->overrides, "override a key, e.g. recompute=layer")
      ->check(is_text())
      ->allow_extra_args(false);
  command
      ->add_option("--memory", options->memory_gib,
                   "of the machine to plan for, in GiB (default: what is free here)")
      ->check(positive());
  auto* hours =
      command->add_flag("--hours", options->hours, "hours, energy and money on a described machine");
  add_hours_options(*command, *hours, options->of_hours);
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
