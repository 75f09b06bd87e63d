#include "serve/ollama/ollama_models.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "serve/answer/tool_calls.h"
#include "serve/ollama/ollama_form.h"

namespace deepscaler {
namespace {

// 134515008 is "134.5M".
std::string short_count(int64_t count) {
  const auto number = static_cast<double>(count);
  if (count >= 1'000'000'000) return fmt::format("{:.1f}B", number / 1e9);
  if (count >= 1'000'000) return fmt::format("{:.1f}M", number / 1e6);
  return fmt::format("{:.1f}K", number / 1e3);
}

Json details_json(const ServedModel& served) {
  const std::string_view family = architecture_name(served.model.config().architecture);
  return {{"parent_model", ""},
          {"format", served.is_gguf ? "gguf" : "safetensors"},
          {"family", family},
          {"families", Json::array({family})},
          {"parameter_size", short_count(served.model.table().count())},
          {"quantization_level", served.model.is_quantized() ? "quantized" : "none"}};
}

}  // namespace

Json ollama_tags_json(const ServedModel& served) {
  return {{"models", Json::array({{{"name", served.name},
                                   {"model", served.name},
                                   {"modified_at", utc_time(served.created)},
                                   {"size", served.file_bytes},
                                   {"digest", served.hash},
                                   {"details", details_json(served)}}})}};
}

Json ollama_show_json(const ServedModel& served, const Json& request) {
  served.require_name(request);
  const ModelConfig& config = served.model.config();
  const std::string family(architecture_name(config.architecture));
  const std::string chat_template = served.tokenizer.chat_template().value_or("");
  Json capabilities = Json::array({"completion"});
  if (tool_call_format(chat_template)) capabilities.push_back("tools");
  if (served.tokenizer.find("</think>")) capabilities.push_back("thinking");
  return {{"template", chat_template},
          {"parameters",
           fmt::format("temperature {}\ntop_p {}", served.defaults.temperature, served.defaults.top_p)},
          {"details", details_json(served)},
          {"model_info",
           {{"general.architecture", family},
            {"general.parameter_count", served.model.table().count()},
            {family + ".context_length", config.context},
            {family + ".embedding_length", config.hidden},
            {family + ".block_count", config.layers}}},
          {"capabilities", std::move(capabilities)},
          {"modified_at", utc_time(served.created)}};
}

}  // namespace deepscaler
