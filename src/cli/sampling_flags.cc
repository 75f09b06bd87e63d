#include "cli/sampling_flags.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <map>
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

void add_sampling_flags(CLI::App& command, SamplingConfig& config) {
  command.add_option("--max-tokens", config.max_response_tokens, "longest response, in tokens")
      ->check(whole_number(1, 1 << 30))
      ->capture_default_str();
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

void add_generation_flags(CLI::App& command, GenerationFlags& flags) {
  add_sampling_flags(command, flags.options.sampling);
  command.add_option("--logit-bias", flags.logit_bias, "ID=BIAS, added to a token's logit; may be repeated")
      ->allow_extra_args(false);
  command
      .add_option("--stop", flags.stop, "text that ends a response, which ends before it; may be repeated")
      ->allow_extra_args(false);
  command.add_option("--seed", flags.options.seed, "of the random numbers")
      ->check(is_seed())
      ->capture_default_str();
}

GenerationOptions generation_options(const GenerationFlags& flags) {
  GenerationOptions options = flags.options;
  for (const std::string& text : flags.logit_bias) options.logit_bias.push_back(parse_bias(text));
  return options;
}

nlohmann::ordered_json sampling_json(const GenerationFlags& flags) {
  nlohmann::json json;  // in alphabetical order, so that a line read and written is the same
  const SamplingConfig off;
  std::map<std::string_view, std::string> defaults;
  for_each_setting(off,
                   [&](std::string_view name, auto value) { defaults[name] = fmt::format("{}", value); });
  for_each_setting(flags.options.sampling, [&](std::string_view name, auto value) {
    if (fmt::format("{}", value) != defaults[name]) json[name] = value;
  });
  json.erase("temperature");  // a key of the line itself
  json.erase("max_response_tokens");
  json["max_tokens"] = flags.options.sampling.max_response_tokens;  // as the option is called
  json["seed"] = flags.options.seed;
  if (!flags.logit_bias.empty()) json["logit_bias"] = flags.logit_bias;
  if (!flags.stop.empty()) json["stop"] = flags.stop;
  return json;
}

}  // namespace deepscaler
