// The command line's options of sampling.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "infer/sampling.h"

namespace CLI {
class App;
}

namespace deepscaler {

struct SamplingFlags {
  SamplingOptions options;              // but for what is below
  std::vector<std::string> logit_bias;  // "ID=BIAS"
  std::vector<std::string> stop;
};

void add_sampling_flags(CLI::App& command, SamplingFlags& flags);

// The options with the logit biases read. Throws Error for one that is not ID=BIAS.
[[nodiscard]] SamplingOptions sampling_options(const SamplingFlags& flags);

// What determines a response beside the prompt, the model and the temperature; options that are off are
// left out.
[[nodiscard]] nlohmann::ordered_json sampling_json(const SamplingFlags& flags);

}  // namespace deepscaler
