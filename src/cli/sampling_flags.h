// The command line's options of sampling.
#pragma once

#include "generate/generation_settings.h"
#include "infer/sampling.h"

namespace CLI {
class App;
}

namespace deepscaler {

// Those of the settings that generation and evaluation share.
void add_sampling_flags(CLI::App& command, SamplingConfig& config);

// Those of them that a request or a conversation may set anew: all but the longest response.
void add_sampling_defaults(CLI::App& command, SamplingConfig& config);

// And those of `generate`; those of --logit-bias as texts.
void add_generation_flags(CLI::App& command, GenerationSettings& settings);

// The settings with the logit biases read. Throws Error for one that is not ID=BIAS.
[[nodiscard]] GenerationSettings with_logit_biases(GenerationSettings settings);

}  // namespace deepscaler
