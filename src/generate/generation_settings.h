// How responses are sampled, and how that is written down beside them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/prompt_encoder.h"
#include "infer/sampling.h"
#include "model/model.h"

namespace deepscaler {

struct GenerationSettings {
  GenerationOptions options = {.sampling = {.max_response_tokens = 256}};  // but for its stop strings:
  std::vector<std::string> stop;
  std::vector<std::string> logit_bias;  // options.logit_bias as people wrote it: "198=-100"
};

// What a model computes in: dtype; products, where it is quantized; kv, where keys and values are in q8_0.
[[nodiscard]] nlohmann::ordered_json precision_of_lines(const Model& model);

// What a response depends on beside its prompt and sample, as every line of a generation file has it:
// temperature, the precision, kernels, model, sampling, date. Options of sampling that are off are left out,
// and so is the date where the chat template does not ask.
[[nodiscard]] nlohmann::ordered_json settings_of_lines(const GenerationSettings& settings, const Model& model,
                                                       const PromptEncoder& encoder);

}  // namespace deepscaler
