#include "serve/api/prompt_fields.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "formats/json_text.h"

namespace deepscaler {
namespace {

constexpr std::array kRoles = {"system", "developer", "user", "assistant", "tool"};

// A text, or the texts of a list of parts.
std::string text_of_content(const Json& content, const RequestFields& message) {
  if (content.is_string()) return content.get<std::string>();
  if (!content.is_array()) message.fail("content", "is neither a text nor a list of parts");
  std::string text;
  for (const Json& part : content) {
    const RequestFields fields(part, "content");
    if (fields.text("type") != "text") fields.fail("type", "is not \"text\": this server reads text alone");
    text += fields.require("text", "the text").is_string() ? part["text"].get<std::string>() : "";
    if (!part["text"].is_string()) fields.fail("text", "is no text");
  }
  return text;
}

// The JSON in a text; nothing where it is none that a body could hold.
std::optional<Json> json_in(const std::string& text) {
  try {
    return parse_record(text, "arguments");
  } catch (const Error&) {
    return std::nullopt;
  }
}

Json tool_call_of(const Json& call) {
  const RequestFields fields(call, "tool_calls");
  const Json* function = fields.object("function");
  if (function == nullptr) fields.fail("function", "is missing");
  const RequestFields inner(*function, "tool_calls.function");
  Json copy = call;
  if (!inner.text("name")) inner.fail("name", "is missing");
  // Templates take the object. Ollama's clients send it, OpenAI's send a text of its JSON.
  const Json* arguments = inner.find("arguments");
  if (arguments == nullptr || arguments->is_object()) return copy;
  if (!arguments->is_string()) inner.fail("arguments", "is neither an object nor a text");
  if (auto parsed = json_in(arguments->get_ref<const std::string&>()))
    copy["function"]["arguments"] = *std::move(parsed);
  return copy;
}

Json message_of(const Json& given, size_t index) {
  const RequestFields fields(given, fmt::format("messages[{}]", index));
  const auto role = fields.text("role");
  if (!role) fields.fail("role", "is missing");
  if (std::ranges::count(kRoles, *role) == 0)
    fields.fail("role", "is not system, developer, user, assistant or tool");
  // What OpenAI calls developer is the system to every template.
  Json message = {{"role", *role == "developer" ? "system" : *role}};
  const Json* content = fields.find("content");
  const Json* calls = fields.list("tool_calls", 128);
  if (content == nullptr && (*role != "assistant" || calls == nullptr)) fields.fail("content", "is missing");
  message["content"] = content == nullptr ? "" : text_of_content(*content, fields);
  for (const char* key : {"name", "tool_call_id", "tool_name"}) {
    if (const auto text = fields.text(key)) message[key] = *text;
  }
  for (const char* key : {"reasoning_content", "reasoning", "thinking"}) {
    if (const auto text = fields.text(key)) message["reasoning_content"] = *text;
  }
  if (calls != nullptr && !calls->empty()) {
    for (const Json& call : *calls) message["tool_calls"].push_back(tool_call_of(call));
  }
  return message;
}

Json messages_of(const ServedModel& served, const RequestFields& fields) {
  const Json* given = fields.list("messages", served.limits.messages);
  if (given == nullptr || given->empty()) fields.fail("messages", "is missing or empty; give at least one");
  Json messages = Json::array();
  for (const Json& message : *given) messages.push_back(message_of(message, messages.size()));
  return messages;
}

// Null where there are none, or the model is not to call any.
const Json* offered_tools(const ServedModel& served, const RequestFields& fields) {
  const Json* choice = fields.find("tool_choice");
  if (choice != nullptr && *choice != "auto" && *choice != "none") {
    fields.fail("tool_choice", "is neither \"auto\" nor \"none\": this server can't force a call");
  }
  const Json* tools = fields.list("tools", served.limits.tools);
  return tools == nullptr || tools->empty() || (choice != nullptr && *choice == "none") ? nullptr : tools;
}

Json variables_of(const ServedModel& served, const RequestFields& fields) {
  Json variables = Json::object();
  if (const Json* kwargs = fields.object("chat_template_kwargs")) {
    for (const auto& [name, value] : kwargs->items()) {
      if (!value.is_boolean() && !value.is_number() && !value.is_string()) {
        fields.fail("chat_template_kwargs", "holds something that is no scalar");
      }
      for (const char* own : {"messages", "tools", "documents", "add_generation_prompt"}) {
        if (name == own)
          fields.fail("chat_template_kwargs", fmt::format("holds {}, which is not its to set", own));
      }
      variables[name] = value;
    }
  }
  if (const auto effort = fields.text("reasoning_effort")) variables["reasoning_effort"] = *effort;
  if (const Json* tools = offered_tools(served, fields)) variables["tools"] = *tools;
  return variables;
}

}  // namespace

ConversationText render_chat(const ServedModel& served, const Json& request) {
  const RequestFields fields(request);
  if (served.encoder.chat_template() == nullptr) {
    throw RequestError(400, "the model has no chat template; ask /v1/completions", "messages");
  }
  const bool continues = fields.flag("continue_final_message");
  const bool opens = fields.flag("add_generation_prompt", !continues);
  if (continues && opens)
    fields.fail("continue_final_message", "and add_generation_prompt exclude each other");
  return conversation_text(served.encoder, served.marks, messages_of(served, fields),
                           variables_of(served, fields),
                           continues ? LastTurn::kIsGoneOnWith
                           : opens   ? LastTurn::kOpensAnswer
                                     : LastTurn::kClosed);
}

EncodedPrompt chat_prompt(const ServedModel& served, const Json& request) {
  return encode(served.tokenizer, render_chat(served, request));
}

AnswerReading chat_reading(const ServedModel& served, const Json& request, bool opened_thinking) {
  AnswerReading reading = {opened_thinking ? Thoughts::kApartOpened : Thoughts::kApart};
  if (offered_tools(served, RequestFields(request)) != nullptr)
    reading.tool_calls = tool_call_format(served.tokenizer.chat_template().value_or(""));
  return reading;
}

std::vector<EncodedPrompt> raw_prompts(const ServedModel& served, const Json& request, const char* key) {
  const RequestFields fields(request);
  const Json& given = fields.require(key, "a text, tokens, or a list of either");
  const auto most = static_cast<size_t>(served.most_positions);
  const auto prompt_of = [&](const Json& prompt) -> EncodedPrompt {
    if (prompt.is_array()) return {token_list(prompt, key, served.model.config().vocabulary, most), false};
    if (!prompt.is_string()) fields.fail(key, "is neither a text, nor tokens, nor a list of either");
    return {served.tokenizer.encode(prompt.get_ref<const std::string&>()), false};
  };
  const bool is_one = given.is_string() || (given.is_array() && !given.empty() && given[0].is_number());
  std::vector<EncodedPrompt> prompts;
  if (is_one) {
    prompts.push_back(prompt_of(given));
  } else {
    if (!given.is_array()) (void)prompt_of(given);
    if (given.size() > served.limits.prompts) {
      fields.fail(key, fmt::format("has {} prompts, more than {}", given.size(), served.limits.prompts));
    }
    for (const Json& prompt : given) prompts.push_back(prompt_of(prompt));
  }
  if (prompts.empty()) fields.fail(key, "is empty");
  for (const EncodedPrompt& prompt : prompts) {
    if (prompt.tokens.empty()) fields.fail(key, "is empty; give at least one token");
  }
  return prompts;
}

}  // namespace deepscaler
