#include "serve/openai/completions.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "serve/api/sampling_fields.h"
#include "serve/openai/openai_head.h"
#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

constexpr int64_t kTokensUnasked = 16;  // OpenAI's

struct CompletionOptions {
  bool log_probs = false;
  bool echo = false;
  bool responds = true;  // not where max_tokens is 0
  bool token_ids = false;
  bool usage_in_stream = false;
};

// The tokens of a completion, as the four lists of its "logprobs" have them.
struct TokenLists {
  Json tokens = Json::array(), log_probs = Json::array(), top = Json::array(), offsets = Json::array();
  size_t offset = 0;  // characters before the next token

  [[nodiscard]] Json json() && {
    return {{"tokens", std::move(tokens)},
            {"token_logprobs", std::move(log_probs)},
            {"top_logprobs", std::move(top)},
            {"text_offset", std::move(offsets)}};
  }
};

class CompletionForm : public OpenAiForm {
 public:
  CompletionForm(const Tokenizer& tokenizer, OpenAiHead head, CompletionOptions options)
      : tokenizer_(tokenizer), head_(std::move(head)), options_(options) {}

  [[nodiscard]] std::string whole(const Answer& answer) const override {
    Json json = head_.json("text_completion");
    json["choices"] = Json::array();
    for (size_t i = 0; i < answer.choices.size(); ++i) {
      const AnswerChoice& choice = answer.choices[i];
      const std::string text =
          (options_.echo ? prompt_text(answer, i) : "") + (options_.responds ? choice.content : "");
      json["choices"].push_back(choice_json(answer, {.choice = i, .part = {.content = text}}, options_.echo,
                                            finish_reason(choice)));
    }
    json["usage"] = usage_json(answer);
    json["seed"] = head_.seed;
    return text_of(json);
  }

  [[nodiscard]] std::string begin(const Answer& answer, size_t choice) const override {
    if (!options_.echo) return {};
    return chunk(choice_json(answer, {.choice = choice, .part = {.content = prompt_text(answer, choice)}},
                             true, nullptr));
  }
  [[nodiscard]] std::string go_on(const Answer& answer, const ChoiceNews& news) const override {
    return options_.responds ? chunk(choice_json(answer, news, false, nullptr)) : "";
  }
  [[nodiscard]] std::string finish(const Answer& answer, size_t choice, size_t first_token) const override {
    return chunk(choice_json(answer, {.choice = choice, .first_token = first_token}, false,
                             finish_reason(answer.choices[choice])));
  }
  [[nodiscard]] std::string end(const Answer& answer) const override {
    if (!options_.usage_in_stream) return kLastEvent;
    Json json = head_.json("text_completion");
    json["choices"] = Json::array();
    json["usage"] = usage_json(answer);
    json["seed"] = head_.seed;
    return event_of(json) + kLastEvent;
  }

 private:
  [[nodiscard]] std::string chunk(Json choice) const {
    Json json = head_.json("text_completion");
    json["choices"] = Json::array({std::move(choice)});
    return event_of(json);
  }

  [[nodiscard]] std::string_view finish_reason(const AnswerChoice& choice) const {
    return finish_reason_name(options_.responds ? *choice.finish : FinishReason::kLength);
  }

  [[nodiscard]] std::string prompt_text(const Answer& answer, size_t choice) const {
    return tokenizer_.decode(answer.prompts[choice / answer.samples()].tokens);
  }

  [[nodiscard]] Json choice_json(const Answer& answer, const ChoiceNews& news, bool with_prompt,
                                 Json finish_reason) const {
    const AnsweredPrompt& prompt = answer.prompts[news.choice / answer.samples()];
    Json json = {{"text", news.part.content}, {"index", news.choice}, {"logprobs", nullptr}};
    if (options_.log_probs) json["logprobs"] = log_probs_json(answer, news, with_prompt);
    if (options_.token_ids) {
      const AnswerChoice& choice = answer.choices[news.choice];
      if (news.first_token == 0) json["prompt_token_ids"] = prompt.tokens;
      json["token_ids"] = Json::array();
      for (size_t i = news.first_token; options_.responds && i < choice.tokens.size(); ++i) {
        json["token_ids"].push_back(choice.tokens[i]);
      }
    }
    json["finish_reason"] = std::move(finish_reason);
    return json;
  }

  [[nodiscard]] Json log_probs_json(const Answer& answer, const ChoiceNews& news, bool with_prompt) const {
    const AnsweredPrompt& prompt = answer.prompts[news.choice / answer.samples()];
    const AnswerChoice& choice = answer.choices[news.choice];
    TokenLists lists;
    if (with_prompt) {
      for (size_t i = 0; i < prompt.tokens.size(); ++i) {
        add(lists, prompt.tokens[i], i == 0 ? nullptr : &prompt.scores[i - 1]);
      }
    } else {
      if (options_.echo) lists.offset = length_of(prompt.tokens);
      lists.offset += length_of(std::span(choice.tokens).first(news.first_token));
    }
    for (size_t i = news.first_token; options_.responds && i < choice.tokens.size(); ++i) {
      add(lists, choice.tokens[i], &choice.log_probs[i]);
    }
    return std::move(lists).json();
  }

  // Characters.
  [[nodiscard]] size_t length_of(std::span<const TokenId> tokens) const {
    size_t length = 0;
    for (const TokenId token : tokens) length += character_count(token_text(tokenizer_, token));
    return length;
  }

  // Null: the first token of a prompt, of which nothing is known.
  void add(TokenLists& lists, TokenId token, const TokenRanking* ranking) const {
    const std::string text = text_of_token(token);
    lists.tokens.push_back(text);
    lists.offsets.push_back(lists.offset);
    lists.offset += character_count(token_text(tokenizer_, token));
    if (ranking == nullptr) {
      lists.log_probs.push_back(nullptr);
      lists.top.push_back(nullptr);
      return;
    }
    lists.log_probs.push_back(ranking->log_prob);
    Json top = Json::object();
    for (const TokenLogProb& likely : ranking->top) top[text_of_token(likely.token)] = likely.log_prob;
    lists.top.push_back(std::move(top));
  }

  // Two tokens that are no whole characters must not have one name.
  [[nodiscard]] std::string text_of_token(TokenId token) const {
    const std::string_view bytes = tokenizer_.token_bytes(token);
    if (valid_utf8_prefix(bytes) == bytes.size()) return std::string(bytes);
    std::string text = "bytes:";
    for (const char byte : bytes) text += fmt::format("\\x{:02x}", static_cast<uint8_t>(byte));
    return text;
  }

  [[nodiscard]] static size_t character_count(std::string_view text) {
    return static_cast<size_t>(
        std::ranges::count_if(text, [](char byte) { return (static_cast<uint8_t>(byte) & 0xc0) != 0x80; }));
  }

  const Tokenizer& tokenizer_;
  OpenAiHead head_;
  CompletionOptions options_;
};

void refuse_what_is_not_there(const RequestFields& fields, int64_t samples) {
  if (const auto suffix = fields.text("suffix"); suffix && !suffix->empty()) {
    fields.fail("suffix", "is not supported; put what follows into the prompt");
  }
  if (fields.integer("best_of", 0, INT64_MAX).value_or(samples) != samples) {
    fields.fail("best_of", "is not supported; ask for n responses and choose");
  }
  if (fields.find("response_format") != nullptr) {
    fields.fail("response_format", "is not supported; ask /v1/chat/completions");
  }
}

}  // namespace

AnswerOrder order_completion(const ServedModel& served, const Json& request, int64_t cache_space) {
  const RequestFields fields(request);
  served.require_name(request);
  AskedSampling asked = read_sampling(served, request);
  refuse_what_is_not_there(fields, asked.samples);
  const int64_t most_new = asked.most_new_tokens.value_or(kTokensUnasked);
  asked.most_new_tokens = most_new;
  const auto top = fields.integer("logprobs", 0, served.limits.top_log_probs);
  asked.options.top_log_probs = top.value_or(0);
  CompletionOptions options = {.log_probs = top.has_value(),
                               .echo = fields.flag("echo"),
                               .responds = most_new > 0,
                               .token_ids = fields.flag("return_token_ids")};
  if (!options.responds && !options.echo) fields.fail("max_tokens", "is 0, and nothing else is asked for");
  if (const Json* stream = fields.object("stream_options")) {
    options.usage_in_stream = RequestFields(*stream, "stream_options").flag("include_usage");
  }
  AnswerOrder order;
  order.delivery = fields.flag("stream") ? Delivery::kStream : Delivery::kWhole;
  for (const EncodedPrompt& prompt : raw_prompts(served, request, "prompt")) {
    order.questions.push_back(make_question(served, prompt, asked, cache_space));
    order.questions.back().request.score_prompt = options.log_probs && options.echo;
    order.readings.emplace_back();
  }
  require_within_budget(served, order.questions);
  order.form = std::make_unique<CompletionForm>(served.tokenizer,
                                                make_head(served, "cmpl-", asked.options.seed), options);
  return order;
}

}  // namespace deepscaler
