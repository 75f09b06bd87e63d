// A described machine: figures of its makers, from which times of passes are reckoned, and how much of these
// figures programs reach. machines/*.toml hold some, each figure with its source.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cost/schedule/network.h"
#include "cost/schedule/pass_times.h"
#include "model/config.h"

namespace deepscaler {

class ConfigSection;

// What one rank has: a card, or a host of CPUs.
struct Machine {
  std::string name;
  double flops_f32 = 0, flops_bf16 = 0;  // a second, of dense matrix products
  double bandwidth = 0;                  // bytes a second, of the memory
  double memory_gib = 0;
  // Shares of these figures that a whole run reaches: least, usual, most.
  double efficiency_low = 0, efficiency = 0, efficiency_high = 0;
  double launch_s = 0;  // of a layer of a pass, however little is in it
  double watts = 0;
  double price = 0;  // dollars an hour
  Network network;
  std::vector<std::string> sources;
};

void bind(ConfigSection& section, Machine& machine);

// The machine of a file that ends in .toml, or of a name: machines/NAME.toml of those that come with the
// program (base/shipped_folder.h). Throws Error.
[[nodiscard]] Machine read_machine(const std::string& file_or_name);

struct Computation {
  bool bf16 = false;
  bool recomputes = false;  // activations, in the backward pass
};

// Times by the roofline (Williams et al., 2009): a pass takes as long as its arithmetic or as its traffic
// with memory, whichever is longer, over the efficiency. Keys and values are as wide as weights. An update of
// the optimizer moves 30 bytes a parameter.
[[nodiscard]] PassTimes roofline_times(const Machine& machine, const ModelConfig& model,
                                       const Computation& computation, double efficiency);

}  // namespace deepscaler
