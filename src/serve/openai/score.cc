#include "serve/openai/score.h"

#include <nlohmann/json.hpp>

#include "serve/api/sampling_fields.h"
#include "serve/openai/openai_head.h"

namespace deepscaler {
namespace {

class ScoreForm : public OpenAiForm {
 public:
  ScoreForm(std::string model, bool ranks) : model_(std::move(model)), ranks_(ranks) {}

  [[nodiscard]] std::string whole(const Answer& answer) const override {
    Json data = Json::array();
    for (const AnsweredPrompt& prompt : answer.prompts) data.push_back(score_json(prompt, data.size()));
    const int64_t tokens = answer.prompt_tokens();
    return text_of({{"object", "list"},
                    {"model", model_},
                    {"data", std::move(data)},
                    {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}});
  }

 private:
  [[nodiscard]] Json score_json(const AnsweredPrompt& prompt, size_t index) const {
    Json log_probs = Json::array({nullptr}), tops = Json::array({nullptr});
    for (const TokenRanking& score : prompt.scores) {
      log_probs.push_back(score.log_prob);
      Json top = Json::array();
      for (const TokenLogProb& token : score.top)
        top.push_back({{"id", token.token}, {"logprob", token.log_prob}});
      tops.push_back(std::move(top));
    }
    Json json = {
        {"object", "score"}, {"index", index}, {"token_ids", prompt.tokens}, {"log_probs", log_probs}};
    if (ranks_) json["top_logprobs"] = std::move(tops);
    return json;
  }

  std::string model_;
  bool ranks_;
};

}  // namespace

AnswerOrder order_score(const ServedModel& served, const Json& request, int64_t cache_space) {
  const RequestFields fields(request);
  served.require_name(request);
  // The response is one token that nobody reads.
  AskedSampling asked = {.stop = std::make_shared<StopStrings>(served.tokenizer, std::vector<std::string>()),
                         .most_new_tokens = 1};
  asked.options.sampling.temperature =
      static_cast<float>(fields.number("temperature", 1e-6, 100).value_or(1));
  asked.options.top_log_probs = fields.integer("top_logprobs", 0, served.limits.top_log_probs).value_or(0);
  AnswerOrder order;
  for (const EncodedPrompt& prompt : raw_prompts(served, request, "input")) {
    order.questions.push_back(make_question(served, prompt, asked, cache_space));
    order.questions.back().request.score_prompt = true;
    order.readings.emplace_back();
  }
  require_within_budget(served, order.questions);
  order.form = std::make_unique<ScoreForm>(served.name, asked.options.top_log_probs > 0);
  return order;
}

}  // namespace deepscaler
