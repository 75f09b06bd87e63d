#include "generate/generation_settings.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "model/device.h"

namespace deepscaler {
namespace {

nlohmann::json sampling_json(const GenerationSettings& settings) {
  nlohmann::json json;  // in alphabetical order, so that a line read and written is the same
  const SamplingConfig off;
  std::map<std::string_view, std::string> defaults;
  for_each_setting(off,
                   [&](std::string_view name, auto value) { defaults[name] = fmt::format("{}", value); });
  const SamplingConfig& sampling = settings.options.sampling;
  for_each_setting(sampling, [&](std::string_view name, auto value) {
    if (fmt::format("{}", value) != defaults[name]) json[name] = value;
  });
  json.erase("temperature");  // a key of the line itself
  json.erase("max_response_tokens");
  json["max_tokens"] = sampling.max_response_tokens;  // as the option is called
  json["seed"] = settings.options.seed;
  if (!settings.logit_bias.empty()) json["logit_bias"] = settings.logit_bias;
  if (!settings.stop.empty()) json["stop"] = settings.stop;
  return json;
}

}  // namespace

nlohmann::ordered_json settings_of_lines(const GenerationSettings& settings, const Model& model,
                                         const PromptEncoder& encoder) {
  nlohmann::ordered_json json = {{"temperature", settings.options.sampling.temperature},
                                 {"dtype", compute_type_name(model.compute_type())},
                                 {"kernels", default_device().name()},
                                 {"model", model.hash()},
                                 {"sampling", sampling_json(settings)}};
  if (const auto day = encoder.day()) json["date"] = *day;
  return json;
}

}  // namespace deepscaler
