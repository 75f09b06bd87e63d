#include "infer/sampling.h"

#include <cmath>

#include "base/error.h"

namespace deepscaler {

bool SamplingOptions::draws_from_the_model() const {
  return temperature > 0 && top_p == 1 && top_k == 0 && min_p == 0 && repetition_penalty == 1 &&
         logit_bias.empty();
}

void validate(const SamplingOptions& options, int64_t vocabulary) {
  const auto require = [](bool holds, std::string_view name, auto value, std::string_view range) {
    if (!holds) throw Error(name, fmt::format("is {}", value), fmt::format("give a value {}", range));
  };
  // Below the least one, logits divided by it may be too large for a float.
  constexpr float kLeastTemperature = 1e-6f;
  const float t = options.temperature;
  require(t == 0 || (t >= kLeastTemperature && std::isfinite(t)), "temperature", t,
          "of 1e-6 or more, or 0 for the most likely token");
  require(options.top_p > 0 && options.top_p <= 1, "top_p", options.top_p, "above 0 and at most 1");
  require(options.top_k >= 0, "top_k", options.top_k, "of 1 or more, or 0 for all tokens");
  require(options.min_p >= 0 && options.min_p < 1, "min_p", options.min_p, "of 0 or more and below 1");
  require(options.repetition_penalty > 0 && std::isfinite(options.repetition_penalty), "repetition_penalty",
          options.repetition_penalty, "above 0");
  require(options.max_new_tokens > 0, "max_new_tokens", options.max_new_tokens, "of 1 or more");
  for (const LogitBias& bias : options.logit_bias) {
    if (bias.token < 0 || bias.token >= vocabulary) {
      throw Error("logit_bias", fmt::format("token {} is not in the model's vocabulary", bias.token),
                  fmt::format("give a token from 0 to {}", vocabulary - 1));
    }
    require(std::isfinite(bias.bias), "logit_bias", bias.bias, "that is finite");
  }
}

}  // namespace deepscaler
