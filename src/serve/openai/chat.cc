#include "serve/openai/chat.h"

#include <nlohmann/json.hpp>

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
    for (size_t i = 0; i < answer.choices.size(); ++i)
      json["choices"].push_back(choice_json(answer.choices[i], i));
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
    std::string events;
    size_t first = news.first_token;
    // A client reads one kind of text from a delta; the tokens go with the first.
    for (const auto& [key, text] :
         {std::pair("reasoning_content", &news.piece.reasoning), std::pair("content", &news.piece.content)}) {
      if (text->empty()) continue;
      Json json = chunk(news.choice, {{key, *text}}, nullptr);
      add_tokens(json["choices"][0], answer.choices[news.choice], first);
      first = answer.choices[news.choice].tokens.size();
      events += event_of(json);
    }
    return events;
  }

  [[nodiscard]] std::string finish(const Answer& answer, size_t choice, size_t first_token) const override {
    Json json = chunk(choice, Json::object(), finish_reason_name(*answer.choices[choice].finish));
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

  [[nodiscard]] Json choice_json(const AnswerChoice& choice, size_t index) const {
    Json message = {{"role", "assistant"}, {"content", choice.content}, {"refusal", nullptr}};
    if (!choice.reasoning.empty()) message["reasoning_content"] = choice.reasoning;
    Json json = {{"index", index},
                 {"message", std::move(message)},
                 {"logprobs", nullptr},
                 {"finish_reason", finish_reason_name(*choice.finish)}};
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

void refuse_what_is_not_there(const RequestFields& fields) {
  if (const Json* format = fields.object("response_format")) {
    const auto type = RequestFields(*format, "response_format").text("type");
    if (type != "text") fields.fail("response_format", "has a type other than text, which this server lacks");
  }
}

}  // namespace

AnswerOrder order_chat(const ServedModel& served, const Json& request, int64_t cache_space) {
  const RequestFields fields(request);
  served.require_name(request);
  refuse_what_is_not_there(fields);
  AskedSampling asked = read_sampling(served, request);
  ChatOptions options = {.log_probs = fields.flag("logprobs"), .token_ids = fields.flag("return_token_ids")};
  const auto top = fields.integer("top_logprobs", 0, served.limits.top_log_probs);
  if (top && !options.log_probs) fields.fail("top_logprobs", "needs logprobs");
  asked.options.top_log_probs = top.value_or(0);
  const bool streams = fields.flag("stream");
  if (const Json* stream = fields.object("stream_options")) {
    options.usage_in_stream = RequestFields(*stream, "stream_options").flag("include_usage");
  }
  const ServedPrompt prompt = chat_prompt(served, request);
  AnswerOrder order;
  order.questions.push_back(make_question(served, prompt, asked, cache_space));
  require_within_budget(served, order.questions);
  order.thoughts = {prompt.opened_thinking ? Thoughts::kApartOpened : Thoughts::kApart};
  order.form = std::make_unique<ChatForm>(served.tokenizer,
                                          make_head(served, "chatcmpl-", asked.options.seed), options);
  order.delivery = streams ? Delivery::kStream : Delivery::kWhole;
  return order;
}

}  // namespace deepscaler
