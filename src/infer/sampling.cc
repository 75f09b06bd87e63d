#include "infer/sampling.h"

#include <algorithm>
#include <cmath>

#include "base/config.h"
#include "base/error.h"

namespace deepscaler {

bool SamplingConfig::draws_from_the_model() const {
  return temperature > 0 && top_p == 1 && top_k == 0 && min_p == 0 && repetition_penalty == 1;
}

void bind(ConfigSection& s, SamplingConfig& c) {
  s.field("temperature", c.temperature, "of sampling; 0 takes the most likely token").range(0, 100);
  s.field("top_p", c.top_p, "keep the most likely tokens up to this probability; 1 keeps all").range(1e-6, 1);
  s.field("top_k", c.top_k, "keep this many of the most likely tokens; 0 keeps all").at_least(0);
  s.field("min_p", c.min_p, "drop tokens less likely than this share of the likeliest; 0 keeps all")
      .range(0, 0.999);
  s.field("repetition_penalty", c.repetition_penalty,
          "divides the logits of tokens that prompt or response have already; 1 is none")
      .range(1e-3, 1e3);
  s.field("max_response_tokens", c.max_response_tokens, "longest response, in tokens").range(1, 1 << 30);
}

void require_fewer_responses(std::string_view where, int64_t prompts, int64_t samples) {
  if (samples <= kMostResponses / std::max<int64_t>(1, prompts)) return;
  throw Error(where,
              fmt::format("asks for {} responses to each of {}, more than {} in all", samples, prompts,
                          kMostResponses),
              "lower the number of samples, or divide the work");
}

void validate(const GenerationOptions& options, int64_t vocabulary) {
  const SamplingConfig& sampling = options.sampling;
  const auto require = [](bool holds, std::string_view name, auto value, std::string_view range) {
    if (!holds) throw Error(name, fmt::format("is {}", value), fmt::format("give a value {}", range));
  };
  // Below the least one, logits divided by it may be too large for a float.
  constexpr float kLeastTemperature = 1e-6f;
  const float t = sampling.temperature;
  require(t == 0 || (t >= kLeastTemperature && std::isfinite(t)), "temperature", t,
          "of 1e-6 or more, or 0 for the most likely token");
  require(sampling.top_p > 0 && sampling.top_p <= 1, "top_p", sampling.top_p, "above 0 and at most 1");
  require(sampling.top_k >= 0, "top_k", sampling.top_k, "of 1 or more, or 0 for all tokens");
  require(sampling.min_p >= 0 && sampling.min_p < 1, "min_p", sampling.min_p, "of 0 or more and below 1");
  require(sampling.repetition_penalty > 0 && std::isfinite(sampling.repetition_penalty), "repetition_penalty",
          sampling.repetition_penalty, "above 0");
  require(sampling.max_response_tokens > 0, "max_response_tokens", sampling.max_response_tokens,
          "of 1 or more");
  require(std::isfinite(options.presence_penalty), "presence_penalty", options.presence_penalty,
          "that is finite");
  require(std::isfinite(options.frequency_penalty), "frequency_penalty", options.frequency_penalty,
          "that is finite");
  require(options.top_log_probs >= 0, "top_log_probs", options.top_log_probs, "of 0 or more");
  for (const LogitBias& bias : options.logit_bias) {
    if (bias.token < 0 || bias.token >= vocabulary) {
      throw Error("logit_bias", fmt::format("token {} is not in the model's vocabulary", bias.token),
                  fmt::format("give a token from 0 to {}", vocabulary - 1));
    }
    require(std::isfinite(bias.bias), "logit_bias", bias.bias, "that is finite");
  }
}

}  // namespace deepscaler
