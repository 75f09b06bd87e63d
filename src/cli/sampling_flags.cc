#include "cli/sampling_flags.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <nlohmann/json.hpp>

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

void add_sampling_flags(CLI::App& command, SamplingFlags& flags) {
  SamplingOptions& o = flags.options;
  command.add_option("--max-tokens", o.max_new_tokens, "longest response")
      ->check(positive())
      ->capture_default_str();
  command.add_option("--temperature", o.temperature, "0 takes the most likely token")
      ->check(not_negative())
      ->capture_default_str();
  command.add_option("--top-p", o.top_p, "keep the most likely tokens up to this probability")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--top-k", o.top_k, "keep that many most likely tokens; 0 keeps all")
      ->check(not_negative())
      ->capture_default_str();
  command.add_option("--min-p", o.min_p, "drop tokens below this share of the most likely one's probability")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option("--repetition-penalty", o.repetition_penalty, "divides the logits of tokens seen before")
      ->check(positive())
      ->capture_default_str();
  command.add_option("--logit-bias", flags.logit_bias, "ID=BIAS, added to a token's logit; may be repeated")
      ->allow_extra_args(false);
  command
      .add_option("--stop", flags.stop, "text that ends a response, which ends before it; may be repeated")
      ->allow_extra_args(false);
  command.add_option("--seed", o.seed, "of the random numbers")->check(is_seed())->capture_default_str();
}

SamplingOptions sampling_options(const SamplingFlags& flags) {
  SamplingOptions options = flags.options;
  for (const std::string& text : flags.logit_bias) options.logit_bias.push_back(parse_bias(text));
  return options;
}

nlohmann::ordered_json sampling_json(const SamplingFlags& flags) {
  const SamplingOptions& o = flags.options;
  const SamplingOptions off;
  nlohmann::ordered_json json;  // in alphabetical order, so that a line read and written is the same
  if (!flags.logit_bias.empty()) json["logit_bias"] = flags.logit_bias;
  json["max_tokens"] = o.max_new_tokens;
  if (o.min_p != off.min_p) json["min_p"] = o.min_p;
  if (o.repetition_penalty != off.repetition_penalty) json["repetition_penalty"] = o.repetition_penalty;
  json["seed"] = o.seed;
  if (!flags.stop.empty()) json["stop"] = flags.stop;
  if (o.top_k != off.top_k) json["top_k"] = o.top_k;
  if (o.top_p != off.top_p) json["top_p"] = o.top_p;
  return json;
}

}  // namespace deepscaler
