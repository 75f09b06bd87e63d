#include "serve/openai/chat.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "generate/prompts.h"
#include "serve/api/response_format.h"
#include "serve/api/sampling_fields.h"
#include "serve/openai/openai_head.h"

namespace deepscaler {
namespace {

struct ChatOptions {
  bool log_probs = false;
  bool token_ids = false;
  bool usage_in_stream = false;
};

class ChatForm : public OpenAiForm {
 public:
  ChatForm(const Tokenizer& tokenizer, OpenAiHead head, ChatOptions options)
      : tokenizer_(tokenizer), head_(std::move(head)), options_(options) {}

  [[nodiscard]] std::string whole(const Answer& answer) const override {
    Json json = head_.json("chat.completion");
    if (options_.token_ids) json["prompt_token_ids"] = answer.prompts[0].tokens;
    json["choices"] = Json::array();
    for (size_t i = 0; i < answer.choices.size(); ++i) json["choices"].push_back(choice_json(answer, i));
    json["usage"] = usage_json(answer);
    json["seed"] = head_.seed;
    return text_of(json);
  }

  [[nodiscard]] std::string begin(const Answer& answer, size_t choice) const override {
    Json json = chunk(choice, {{"role", "assistant"}, {"content", ""}}, nullptr);
    if (options_.token_ids && choice == 0) json["prompt_token_ids"] = answer.prompts[0].tokens;
    return event_of(json);
  }

  [[nodiscard]] std::string go_on(const Answer& answer, const ChoiceNews& news) const override {
    const AnswerChoice& choice = answer.choices[news.choice];
    // A client reads one kind of news from a delta.
    std::vector<Json> deltas;
    if (!news.part.reasoning.empty()) deltas.push_back({{"reasoning_content", news.part.reasoning}});
    if (!news.part.content.empty()) deltas.push_back({{"content", news.part.content}});
    if (!news.part.tool_calls.empty()) {
      const size_t first_call = choice.tool_calls.size() - news.part.tool_calls.size();
      Json calls = Json::array();
      for (size_t i = first_call; i < choice.tool_calls.size(); ++i) {
        Json call = {{"index", i}};
        call.update(call_json(answer, news.choice, i));
        calls.push_back(std::move(call));
      }
      deltas.push_back({{"tool_calls", std::move(calls)}});
    }
    std::string events;
    size_t first = news.first_token;
    for (Json& delta : deltas) {
      Json json = chunk(news.choice, std::move(delta), nullptr);
      add_tokens(json["choices"][0], choice, first);
      first = choice.tokens.size();  // they go with the first event
      events += event_of(json);
    }
    return events;
  }

  [[nodiscard]] std::string finish(const Answer& answer, size_t choice, size_t first_token) const override {
    Json json = chunk(choice, Json::object(), finish_reason(answer.choices[choice]));
    add_tokens(json["choices"][0], answer.choices[choice], first_token);
    return event_of(json);
  }

  [[nodiscard]] std::string end(const Answer& answer) const override {
    if (!options_.usage_in_stream) return kLastEvent;
    Json json = head_.json("chat.completion.chunk");
    json["choices"] = Json::array();
    json["usage"] = usage_json(answer);
    json["seed"] = head_.seed;
    return event_of(json) + kLastEvent;
  }

 private:
  [[nodiscard]] Json chunk(size_t choice, Json delta, Json finish_reason) const {
    Json json = head_.json("chat.completion.chunk");
    json["choices"] = {
        {{"index", choice}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish_reason)}}};
    return json;
  }

  [[nodiscard]] static std::string_view finish_reason(const AnswerChoice& choice) {
    const bool has_called = *choice.finish == FinishReason::kStop && !choice.tool_calls.empty();
    return has_called ? "tool_calls" : finish_reason_name(*choice.finish);
  }

  // The id is the same for the same request, and another one in each turn of a conversation.
  [[nodiscard]] static Json call_json(const Answer& answer, size_t choice, size_t call) {
    const ToolCall& called = answer.choices[choice].tool_calls[call];
    const uint64_t turn = stream_of({.tokens = answer.prompts[0].tokens});
    return {{"id", fmt::format("call_{:016x}_{}_{}", turn, choice, call)},
            {"type", "function"},
            {"function", {{"name", called.name}, {"arguments", called.arguments}}}};
  }

  [[nodiscard]] Json choice_json(const Answer& answer, size_t index) const {
    const AnswerChoice& choice = answer.choices[index];
    Json message = {{"role", "assistant"}, {"content", choice.content}, {"refusal", nullptr}};
    if (!choice.reasoning.empty()) message["reasoning_content"] = choice.reasoning;
    if (!choice.tool_calls.empty()) {
      if (choice.content.empty()) message["content"] = nullptr;
      for (size_t i = 0; i < choice.tool_calls.size(); ++i)
        message["tool_calls"].push_back(call_json(answer, index, i));
    }
    Json json = {{"index", index},
                 {"message", std::move(message)},
                 {"logprobs", nullptr},
                 {"finish_reason", finish_reason(choice)}};
    add_tokens(json, choice, 0);
    return json;
  }

  void add_tokens(Json& json, const AnswerChoice& choice, size_t first) const {
    if (options_.log_probs) {
      Json content = Json::array();
      for (size_t i = first; i < choice.tokens.size(); ++i) {
        Json token = token_json({choice.tokens[i], choice.log_probs[i].log_prob});
        token["top_logprobs"] = Json::array();
        for (const TokenLogProb& top : choice.log_probs[i].top)
          token["top_logprobs"].push_back(token_json(top));
        content.push_back(std::move(token));
      }
      json["logprobs"] = {{"content", std::move(content)}, {"refusal", nullptr}};
    }
    if (options_.token_ids) {
      json["token_ids"] = std::vector<TokenId>(choice.tokens.begin() + static_cast<std::ptrdiff_t>(first),
                                               choice.tokens.end());
    }
  }

  [[nodiscard]] Json token_json(const TokenLogProb& token) const {
    Json bytes = Json::array();
    for (const char byte : tokenizer_.token_bytes(token.token)) bytes.push_back(static_cast<uint8_t>(byte));
    return {{"id", token.token},
            {"token", token_text(tokenizer_, token.token)},
            {"logprob", token.log_prob},
            {"bytes", std::move(bytes)}};
  }

  const Tokenizer& tokenizer_;
  OpenAiHead head_;
  ChatOptions options_;
};

}  // namespace

AnswerOrder order_chat(const ServedModel& served, const Json& request, int64_t cache_space) {
  const RequestFields fields(request);
  served.require_name(request);
  AskedSampling asked = read_sampling(served, request);
  ChatOptions options = {.log_probs = fields.flag("logprobs"), .token_ids = fields.flag("return_token_ids")};
  const auto top = fields.integer("top_logprobs", 0, served.limits.top_log_probs);
  if (top && !options.log_probs) fields.fail("top_logprobs", "needs logprobs");
  asked.options.top_log_probs = top.value_or(0);
  const bool streams = fields.flag("stream");
  if (const Json* stream = fields.object("stream_options")) {
    options.usage_in_stream = RequestFields(*stream, "stream_options").flag("include_usage");
  }
  const EncodedPrompt prompt = chat_prompt(served, request);
  AnswerOrder order;
  order.readings = {chat_reading(served, request, prompt.opened_thinking)};
  order.questions.push_back(make_question(served, prompt, asked, cache_space));
  order.questions[0].constraint = read_response_format(served, request, order.readings[0]);
  require_within_budget(served, order.questions);
  order.form = std::make_unique<ChatForm>(served.tokenizer,
                                          make_head(served, "chatcmpl-", asked.options.seed), options);
  order.delivery = streams ? Delivery::kStream : Delivery::kWhole;
  return order;
}

}  // namespace deepscaler
