#include "cli/sampling_flags.h"

#include <CLI/CLI.hpp>
#include <charconv>

#include "base/error.h"
#include "cli/flag_checks.h"
#include "formats/excerpt.h"

namespace deepscaler {
namespace {

LogitBias parse_bias(const std::string& text) {
  LogitBias bias{};
  const char* end = text.data() + text.size();
  const auto id = std::from_chars(text.data(), end, bias.token);
  if (id.ec == std::errc() && id.ptr != end && *id.ptr == '=') {
    const auto value = std::from_chars(id.ptr + 1, end, bias.bias);
    if (value.ec == std::errc() && value.ptr == end) return bias;
  }
  throw Error("--logit-bias", excerpt(text) + " is not ID=BIAS", "write for example --logit-bias 198=-100");
}

}  // namespace

void add_sampling_flags(CLI::App& command, SamplingConfig& config) {
  command.add_option("--max-response-tokens", config.max_response_tokens, "longest response, in tokens")
      ->check(whole_number(1, 1 << 30))
      ->capture_default_str();
  add_sampling_defaults(command, config);
}

void add_sampling_defaults(CLI::App& command, SamplingConfig& config) {
  command
      .add_option("--temperature", config.temperature, "0 takes the most likely token; else at least 1e-6")
      ->check(not_negative())
      ->capture_default_str();
  command
      .add_option("--top-p", config.top_p, "keep the most likely tokens up to this probability; 1 keeps all")
      ->check(between(1e-6, 1))
      ->capture_default_str();
  command.add_option("--top-k", config.top_k, "keep this many of the most likely tokens; 0 keeps all")
      ->check(not_negative())
      ->capture_default_str();
  command
      .add_option("--min-p", config.min_p,
                  "drop tokens less likely than this share of the likeliest; 0 keeps all")
      ->check(between(0, 0.999))
      ->capture_default_str();
  command
      .add_option("--repetition-penalty", config.repetition_penalty,
                  "divides the logits of tokens seen before; 1 is none")
      ->check(positive())
      ->capture_default_str();
}

void add_generation_flags(CLI::App& command, GenerationSettings& settings) {
  add_sampling_flags(command, settings.options.sampling);
  command
      .add_option("--logit-bias", settings.logit_bias, "ID=BIAS, added to a token's logit; may be repeated")
      ->allow_extra_args(false);
  command
      .add_option("--stop", settings.stop, "text that ends a response, which ends before it; may be repeated")
      ->check(is_text())
      ->allow_extra_args(false);
  command.add_option("--seed", settings.options.seed, "of the random numbers")
      ->check(is_seed())
      ->capture_default_str();
}

GenerationSettings with_logit_biases(GenerationSettings settings) {
  for (const std::string& text : settings.logit_bias) settings.options.logit_bias.push_back(parse_bias(text));
  return settings;
}

}  // namespace deepscaler
