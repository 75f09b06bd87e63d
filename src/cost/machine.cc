#include "cost/machine.h"

#include <algorithm>

#include "base/config.h"
#include "base/error.h"
#include "base/shipped_folder.h"
#include "model/parameters.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

struct Rates {
  double flops, bandwidth;
};

// Products of weights: `passes` times 2 FLOP for each weight and row, the weights read as often.
RowTimes product_times(double weights, double bytes, double passes, double overhead, const Rates& rates) {
  const double traffic = passes * weights * bytes / rates.bandwidth;
  const double a_row = passes * 2 * weights / rates.flops;
  const double knee = std::max(1.0, traffic / a_row);  // rows, from which on arithmetic takes longer
  constexpr double kMany = 1e6;                        // rows, beside which the overhead is nothing
  return RowTimes({{1, overhead + std::max(traffic, a_row)},
                   {knee, overhead + std::max(traffic, knee * a_row)},
                   {knee * kMany, overhead + knee * kMany * a_row}});
}

}  // namespace

void bind(ConfigSection& section, Link& link) {
  section.field("latency_s", link.latency_s, "of a message, in seconds").at_least(0);
  section.field("bandwidth", link.bytes_per_s, "bytes a second of a rank, in each direction")
      .above(0)
      .required();
}

void bind(ConfigSection& section, Network& network) {
  section.field("ranks_per_host", network.ranks_per_host, "ranks that `inside` joins").at_least(1);
  section.section("inside", network.inside, "among the ranks of a host");
  section.section("between", network.between, "between hosts");
}

void bind(ConfigSection& section, Machine& machine) {
  section.field("name", machine.name, "what tables call it").required();
  section.field("flops_f32", machine.flops_f32, "FLOP a second of dense products in f32").above(0).required();
  section.field("flops_bf16", machine.flops_bf16, "and in bf16").above(0).required();
  section.field("bandwidth", machine.bandwidth, "bytes a second of its memory").above(0).required();
  section.field("memory_gib", machine.memory_gib, "GiB of memory").above(0).required();
  section.field("efficiency_low", machine.efficiency_low, "least share of these rates that a run reaches")
      .above(0)
      .required();
  section.field("efficiency", machine.efficiency, "usual share").above(0).required();
  section.field("efficiency_high", machine.efficiency_high, "greatest share").above(0).required();
  section.field("launch_s", machine.launch_s, "seconds of a layer of a pass, however little is in it")
      .at_least(0);
  section.field("watts", machine.watts, "power of a rank and its share of the host").above(0).required();
  section.field("price", machine.price, "dollars an hour").at_least(0);
  section.section("network", machine.network, "how ranks are joined");
  section.field("sources", machine.sources, "where the figures are from");
  section.require(machine.efficiency_low <= machine.efficiency &&
                      machine.efficiency <= machine.efficiency_high && machine.efficiency_high <= 1,
                  "efficiency", "is not between efficiency_low and efficiency_high, at most 1", "order them");
}

Machine read_machine(const std::string& file_or_name) {
  if (file_or_name.ends_with(".toml")) return read_config<Machine>(file_or_name);
  if (const auto folder = shipped_folder("machines")) {
    const fs::path file = *folder / (file_or_name + ".toml");
    if (fs::exists(file)) return read_config<Machine>(file);
  }
  throw Error(file_or_name, "is no machine that comes with the program",
              "name one of machines/, or a file that ends in .toml");
}

PassTimes roofline_times(const Machine& machine, const ModelConfig& model, const Computation& computation,
                         double efficiency) {
  const Rates rates = {efficiency * (computation.bf16 ? machine.flops_bf16 : machine.flops_f32),
                       efficiency * machine.bandwidth};
  const double bytes = computation.bf16 ? 2 : 4;
  const auto layers = static_cast<double>(model.layers), hidden = static_cast<double>(model.hidden);
  const auto query = static_cast<double>(model.query_width()), kv = static_cast<double>(model.kv_width());
  const double weights = layers * hidden * (2 * query + 2 * kv + 3 * static_cast<double>(model.feed_forward));
  const double head = hidden * static_cast<double>(model.vocabulary);
  const double launch = layers * machine.launch_s;
  const double key_flops = 4 * layers * query / rates.flops;
  const double key_traffic = 2 * layers * kv * bytes / rates.bandwidth;

  PassTimes times;
  times.generation = {.layers = product_times(weights, bytes, 1, launch, rates),
                      .head = product_times(head, bytes, 1, machine.launch_s, rates),
                      .key_s = std::max(key_flops, key_traffic)};
  // Many rows of a sequence read its keys from memory once.
  times.scoring = {.layers = times.generation.layers, .head = times.generation.head, .key_s = key_flops};
  const double passes = computation.recomputes ? 4 : 3;
  times.training = {.layers = product_times(weights, bytes, passes, passes * launch, rates),
                    .head = product_times(head, bytes, 3, 3 * machine.launch_s, rates),
                    .key_s = (passes + 0.5) * key_flops};  // backward computes the scores again
  const auto parameters = static_cast<double>(ParameterTable(model).count());
  constexpr double kBytesOfUpdate =
      30;  // reads weight, gradient, two moments; writes all but the gradient, and bf16
  times.update_s = kBytesOfUpdate * parameters / rates.bandwidth;
  times.step_s = 4 * parameters / rates.bandwidth;  // the hash of the weights
  return times;
}

}  // namespace deepscaler
