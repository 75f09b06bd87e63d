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

// Those of the settings that generation and evaluation share.
void add_sampling_flags(CLI::App& command, SamplingConfig& config);

// And those of `generate`.
struct GenerationFlags {
  GenerationOptions options = {.sampling = {.max_response_tokens = 256}};  // but for what is below
  std::vector<std::string> logit_bias;                                     // "ID=BIAS"
  std::vector<std::string> stop;
};

void add_generation_flags(CLI::App& command, GenerationFlags& flags);

// The options with the logit biases read. Throws Error for one that is not ID=BIAS.
[[nodiscard]] GenerationOptions generation_options(const GenerationFlags& flags);

// What determines a response beside the prompt, the model and the temperature; options that are off are
// left out.
[[nodiscard]] nlohmann::ordered_json sampling_json(const GenerationFlags& flags);

}  // namespace deepscaler
