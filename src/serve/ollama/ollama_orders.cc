#include "serve/ollama/ollama_orders.h"

#include <nlohmann/json.hpp>

#include "serve/api/response_format.h"
#include "serve/api/sampling_fields.h"
#include "serve/ollama/ollama_form.h"

namespace deepscaler {
namespace {

// What serve/api/ reads, of a request's "options".
Json sampling_of(const RequestFields& fields) {
  Json sampling = Json::object();
  const Json* given = fields.object("options");
  if (given == nullptr) return sampling;
  const RequestFields options(*given, "options");
  for (const char* key : {"temperature", "top_k", "top_p", "min_p", "repeat_penalty", "presence_penalty",
                          "frequency_penalty", "seed", "stop"}) {
    if (const Json* value = options.find(key)) sampling[key] = *value;
  }
  const auto most = options.integer("num_predict", INT64_MIN, INT64_MAX);
  if (most && *most >= 0) sampling["max_tokens"] = *most;
  return sampling;
}

enum class Think { kUnsaid, kYes, kNo };

// "think", and what the chat template is told of it.
Think read_think(const RequestFields& fields, Json& chat) {
  const Json* think = fields.find("think");
  if (think == nullptr) return Think::kUnsaid;
  if (think->is_string()) {
    chat["reasoning_effort"] = *think;
    return Think::kYes;
  }
  const bool thinks = fields.flag("think");
  chat["chat_template_kwargs"] = {{"enable_thinking", thinks}};
  return thinks ? Think::kYes : Think::kNo;
}

// Throws RequestError for a field of which this server knows nothing, unless it asks for nothing.
void refuse_any(const RequestFields& fields, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const Json* value = fields.find(key);
    if (value != nullptr && !value->empty() && *value != "") fields.fail(key, "is not supported");
  }
}

Delivery delivery_of(const RequestFields& fields) {
  return fields.flag("stream", true) ? Delivery::kStream : Delivery::kWhole;
}

AnswerOrder loaded(const RequestFields& fields, const OllamaForm& form) {
  AnswerOrder order;
  order.ready = HttpResponse{.body = form.loaded()};
  if (delivery_of(fields) == Delivery::kStream) order.ready->content_type = form.stream_type();
  return order;
}

AnswerOrder order_of(const ServedModel& served, const Json& request, const EncodedPrompt& prompt,
                     const AnswerReading& reading, int64_t cache_space, OllamaEndpoint endpoint) {
  const RequestFields fields(request);
  const AskedSampling asked = read_sampling(served, sampling_of(fields));
  AnswerOrder order;
  order.questions.push_back(make_question(served, prompt, asked, cache_space));
  order.questions[0].constraint = read_ollama_format(served, request, reading);
  require_within_budget(served, order.questions);
  order.readings = {reading};
  order.form = std::make_unique<OllamaForm>(endpoint, served.name);
  order.delivery = delivery_of(fields);
  return order;
}

AnswerOrder order_conversation(const ServedModel& served, const Json& request, Json chat, int64_t cache_space,
                               OllamaEndpoint endpoint) {
  const Think think = read_think(RequestFields(request), chat);
  ConversationText conversation = render_chat(served, chat);
  if (think == Think::kNo && conversation.opened_thinking) {
    std::string& text = conversation.text.text;
    text += text.ends_with('\n') ? "\n</think>\n\n" : "\n\n</think>\n\n";
    conversation.opened_thinking = false;
  }
  const EncodedPrompt prompt = encode(served.tokenizer, conversation);
  return order_of(served, request, prompt, chat_reading(served, chat, prompt.opened_thinking), cache_space,
                  endpoint);
}

}  // namespace

AnswerOrder order_ollama_chat(const ServedModel& served, const Json& request, int64_t cache_space) {
  const RequestFields fields(request);
  served.require_name(request);
  const Json* messages = fields.list("messages", served.limits.messages);
  if (messages == nullptr || messages->empty()) return loaded(fields, {OllamaEndpoint::kChat, served.name});
  Json chat = {{"messages", *messages}};
  for (const Json& message : *messages) refuse_any(RequestFields(message, "messages"), {"images"});
  if (const Json* tools = fields.find("tools")) chat["tools"] = *tools;
  return order_conversation(served, request, std::move(chat), cache_space, OllamaEndpoint::kChat);
}

AnswerOrder order_ollama_generate(const ServedModel& served, const Json& request, int64_t cache_space) {
  const RequestFields fields(request);
  served.require_name(request);
  refuse_any(fields, {"images", "suffix", "template", "context"});
  const std::string prompt = fields.text("prompt").value_or("");
  if (prompt.empty()) return loaded(fields, {OllamaEndpoint::kGenerate, served.name});
  if (fields.flag("raw") || served.encoder.chat_template() == nullptr) {
    const EncodedPrompt raw = raw_prompts(served, {{"prompt", prompt}}, "prompt")[0];
    return order_of(served, request, raw, {}, cache_space, OllamaEndpoint::kGenerate);
  }
  Json chat = {{"messages", Json::array()}};
  if (const auto system = fields.text("system"); system && !system->empty())
    chat["messages"].push_back({{"role", "system"}, {"content", *system}});
  chat["messages"].push_back({{"role", "user"}, {"content", prompt}});
  return order_conversation(served, request, std::move(chat), cache_space, OllamaEndpoint::kGenerate);
}

}  // namespace deepscaler
