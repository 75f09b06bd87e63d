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

nlohmann::ordered_json precision_of_lines(const Model& model) {
  nlohmann::ordered_json json = {{"dtype", compute_type_name(model.compute_type())}};
  if (model.is_quantized()) json["products"] = products_name(model.products());
  if (model.stores_keys_values_in_q8()) json["kv"] = "q8_0";
  return json;
}

nlohmann::ordered_json settings_of_lines(const GenerationSettings& settings, const Model& model,
                                         const PromptEncoder& encoder) {
  nlohmann::ordered_json json = {{"temperature", settings.options.sampling.temperature}};
  json.update(precision_of_lines(model));
  json["kernels"] = default_device().name();
  json["model"] = model.hash();
  json["sampling"] = sampling_json(settings);
  if (const auto day = encoder.day()) json["date"] = *day;
  return json;
}

}  // namespace deepscaler
