#include "cli/plan/plan_hours.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/config.h"
#include "base/error.h"
#include "cli/flag_checks.h"
#include "cli/plan/stage_work.h"
#include "cost/machine.h"

namespace deepscaler {
namespace {

constexpr int64_t kMostRanks = 4096;
constexpr double kGib = 1 << 30;

// The hours of a stage at the usual efficiency, and in all at the greatest and the least.
struct HoursRange {
  StageCost usual;
  double least = 0, most = 0;
};

class Reckoning {
 public:
  Reckoning(const Recipe& recipe, const RecipePlan& plan, const HoursOptions& options)
      : recipe_(recipe), plan_(plan), machine_(read_machine(options.machine)) {
    const auto assumptions = read_config<Assumptions>(options.lengths);
    work_ = stage_work(recipe, plan.model, assumptions, options.lengths);
  }

  [[nodiscard]] const Machine& machine() const { return machine_; }
  [[nodiscard]] const std::vector<StageWork>& work() const { return work_; }

  [[nodiscard]] HoursRange hours(const StageWork& work, int64_t ranks) const {
    return {.usual = cost_of(work, at(machine_.efficiency, ranks)),
            .least = cost_of(work, at(machine_.efficiency_high, ranks)).total(),
            .most = cost_of(work, at(machine_.efficiency_low, ranks)).total()};
  }

  [[nodiscard]] double energy_kwh(double hours, int64_t ranks) const {
    return hours * static_cast<double>(ranks) * machine_.watts / 1000;
  }
  [[nodiscard]] double money(double hours, int64_t ranks) const {
    return hours * static_cast<double>(ranks) * machine_.price;
  }

 private:
  [[nodiscard]] RankTimes at(double efficiency, int64_t ranks) const {
    const Computation computation = {.bf16 = recipe_.model.dtype == "bf16",
                                     .recomputes = recipe_.recompute == Recompute::kLayer};
    const auto parameters = static_cast<double>(plan_.parameters);
    return {.passes = roofline_times(machine_, plan_.model, computation, efficiency),
            .slots = {.positions = kv_positions(recipe_, plan_.model)},
            .network = machine_.network,
            .ranks = ranks,
            .summed_bytes = parameters * static_cast<double>(sizeof(int64_t))};
  }

  const Recipe& recipe_;
  const RecipePlan& plan_;
  Machine machine_;
  std::vector<StageWork> work_;
};

void print_stages(const Reckoning& reckoning, const RecipePlan& plan, int64_t ranks) {
  fmt::print("{:<20} {:>9} {:>9} {:>9} {:>9} {:>21} {:>9} {:>9} {:>9} {:>9}\n", "hours", "generate", "train",
             "evaluate", "other", "in all [range]", "M tokens", "kWh", "dollars", "GiB/rank");
  HoursRange sum;
  const auto row = [&](const std::string& name, const HoursRange& hours, double memory) {
    const StageCost& cost = hours.usual;
    fmt::print("{:<20} {:>9.3g} {:>9.3g} {:>9.3g} {:>9.3g} {:>21} {:>9.4g} {:>9.3g} {:>9.3g} {:>9.1f}\n",
               name.substr(0, 20), cost.generate, cost.train, cost.evaluate, cost.other,
               fmt::format("{:.3g} [{:.3g}, {:.3g}]", cost.total(), hours.least, hours.most),
               cost.tokens * 1e-6, reckoning.energy_kwh(cost.total(), ranks),
               reckoning.money(cost.total(), ranks), memory);
  };
  double most_memory = 0;
  for (size_t i = 0; i < reckoning.work().size(); ++i) {
    const HoursRange hours = reckoning.hours(reckoning.work()[i], ranks);
    const double memory = static_cast<double>(plan.stages[i].memory.total()) / kGib;
    row(reckoning.work()[i].name, hours, memory);
    sum.usual.add(hours.usual);
    sum.least += hours.least;
    sum.most += hours.most;
    most_memory = std::max(most_memory, memory);
  }
  row("all stages", sum, most_memory);
  if (most_memory > reckoning.machine().memory_gib) {
    fmt::print("a rank has {:.0f} GiB: less than this program would take there\n",
               reckoning.machine().memory_gib);
  }
}

// Shares are of the hours in all.
void print_curve(const Reckoning& reckoning, const std::vector<int64_t>& numbers) {
  fmt::print("{:>6} {:>9} {:>11} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "ranks", "hours", "rank-hours",
             "of ideal", "generate", "train", "wait", "exchange", "update", "dollars");
  double ideal = 0;  // rank-hours of the first row
  for (const int64_t ranks : numbers) {
    StageCost cost;
    for (const StageWork& work : reckoning.work()) {
      cost.add(reckoning.hours(work, ranks).usual);
    }
    const double hours = cost.total(), rank_hours = hours * static_cast<double>(ranks);
    if (ideal == 0) ideal = rank_hours;
    const auto share = [&](double part) { return fmt::format("{:.1f} %", 100 * part / hours); };
    fmt::print("{:>6} {:>9.4g} {:>11.4g} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9.4g}\n", ranks, hours,
               rank_hours, fmt::format("{:.1f} %", 100 * ideal / rank_hours), share(cost.generate),
               share(cost.train), share(cost.generate_wait + cost.train_wait), share(cost.exchange),
               share(cost.update), reckoning.money(hours, ranks));
  }
}

}  // namespace

void add_hours_options(CLI::App& command, CLI::Option& hours, HoursOptions& options) {
  command.add_option("--machine", options.machine, "a file, or a name in machines/")->needs(&hours);
  command
      .add_option("--lengths", options.lengths, "a TOML file that says how long the texts of each stage are")
      ->needs(&hours);
  command
      .add_option("--ranks", options.ranks, "ranks, of which each is such a machine; several: a row for each")
      ->check(whole_number(1, kMostRanks))
      ->delimiter(',')
      ->needs(&hours);
  command
      .add_option("--config", options.config, "folder of a config.json, where the recipe's model is not here")
      ->needs(&hours);
}

void print_hours(const Recipe& recipe, const RecipePlan& plan, const HoursOptions& options) {
  if (options.machine.empty()) throw Error("--hours", "needs --machine", "name a file, or one of machines/");
  if (options.lengths.empty()) {
    throw Error("--hours", "needs --lengths", "name a file that says how long the texts of each stage are");
  }
  const Reckoning reckoning(recipe, plan, options);
  const Machine& machine = reckoning.machine();
  fmt::print(
      "{} parameters, dtype {}, on {}: {:.0f} % of its rates [{:.0f}, {:.0f}], {:.0f} W, {} dollars an "
      "hour\n",
      plan.parameters, recipe.model.dtype, machine.name, 100 * machine.efficiency,
      100 * machine.efficiency_low, 100 * machine.efficiency_high, machine.watts, machine.price);
  for (const StageWork& work : reckoning.work()) {
    const double tokens = work.lengths.responses.mean(work.limit);
    if (work.step.draws) {
      fmt::print("{}: {} steps, responses of {:.0f} tokens in the mean, prompts of {}\n", work.name,
                 work.steps, tokens, work.lengths.prompt_tokens);
    } else {
      fmt::print("{}: {} steps on {} examples of {:.0f} tokens\n", work.name, work.steps, work.groups,
                 tokens);
    }
  }
  fmt::print("\n");
  if (options.ranks.size() == 1)
    print_stages(reckoning, plan, options.ranks.front());
  else
    print_curve(reckoning, options.ranks);
}

}  // namespace deepscaler
