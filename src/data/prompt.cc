#include "data/prompt.h"

#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "formats/json_text.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPlace = "{problem}";

}  // namespace

void bind(ConfigSection& section, PromptConfig& config) {
  section.field("text", config.text, "the user's turn, in which {problem} stands for the problem");
  section.require(config.text.find(kPlace) != std::string::npos, "text", "does not contain {problem}",
                  "put {problem} where the problem belongs");
  section.field("system", config.system,
                "the system message; empty: what the model's chat template puts there by itself");
  section.field("tools", config.tools, "what the chat template gets as tools, a JSON list");
  section.field("chat_template_kwargs", config.chat_template_kwargs,
                "more variables of the chat template, a JSON object");
  section.field("enable_thinking", config.enable_thinking,
                "the chat template's variable of that name; not set: what the template does by itself");
  section.field("date", config.date,
                "the day that a chat template is told, as 2026-01-31; empty: the day on which the run began");
}

Json template_variables_in(const Json& object, const std::string& where) {
  Json variables = Json::object();
  const auto take = [&](const char* key, bool right, const char* what) {
    if (!right) throw Error(where, fmt::format("\"{}\" is not {}", key, what), "correct it, or leave it out");
    variables[key] = object[key];
  };
  const auto has = [&](const char* key) { return object.contains(key) && !object[key].is_null(); };
  if (has("chat_template_kwargs")) {
    take("chat_template_kwargs", object["chat_template_kwargs"].is_object(), "an object");
    variables = object["chat_template_kwargs"];
    for (const char* name : {"messages", "add_generation_prompt"}) {
      if (!variables.contains(name)) continue;
      throw Error(where, fmt::format("\"chat_template_kwargs\" holds \"{}\", which is not its to set", name),
                  "leave it out");
    }
  }
  if (has("enable_thinking")) {
    take("enable_thinking", object["enable_thinking"].is_boolean(), "true or false");
  }
  for (const char* key : {"tools", "documents"}) {
    if (has(key)) take(key, object[key].is_array(), "a list");
  }
  return variables;
}

Json PromptConfig::variables() const {
  Json object = Json::object();
  if (!tools.empty()) object["tools"] = parse_record(tools, "prompt.tools");
  if (!chat_template_kwargs.empty()) {
    object["chat_template_kwargs"] = parse_record(chat_template_kwargs, "prompt.chat_template_kwargs");
  }
  if (enable_thinking) object["enable_thinking"] = *enable_thinking;
  return template_variables_in(object, "prompt");
}

std::string make_prompt(std::string_view text, std::string_view problem) {
  const size_t place = text.find(kPlace);
  if (place == std::string_view::npos)
    throw Error("prompt", fmt::format("\"{}\" does not contain {{problem}}", text),
                "put {problem} where the problem belongs");
  return fmt::format("{}{}{}", text.substr(0, place), problem, text.substr(place + kPlace.size()));
}

}  // namespace deepscaler
