#include "serve/openai/text_tools.h"

#include <nlohmann/json.hpp>

#include "serve/api/prompt_fields.h"
#include "serve/openai/openai_head.h"

namespace deepscaler {

Json model_json(const ServedModel& served) {
  const ModelConfig& config = served.model.config();
  return {{"id", served.name},
          {"object", "model"},
          {"created", served.created},
          {"owned_by", "deepscaler"},
          {"max_model_len", served.most_positions},
          {"meta",
           {{"n_vocab", config.vocabulary},
            {"n_ctx_train", config.context},
            {"n_embd", config.hidden},
            {"n_params", served.model.table().count()}}}};
}

Json tokenize_json(const ServedModel& served, const Json& request) {
  const RequestFields fields(request);
  const auto content = fields.text("content");
  if (!content) fields.fail("content", "is missing; give a text");
  const auto tokens = served.tokenizer.encode(*content, {.add_special_tokens = fields.flag("add_special"),
                                                         .special_tokens = SpecialTokens::kLeaveAsText});
  if (!fields.flag("with_pieces")) return {{"tokens", tokens}};
  Json pieces = Json::array();
  for (const TokenId token : tokens)
    pieces.push_back({{"id", token}, {"piece", token_text(served.tokenizer, token)}});
  return {{"tokens", std::move(pieces)}};
}

Json detokenize_json(const ServedModel& served, const Json& request) {
  const RequestFields fields(request);
  const auto tokens = token_list(fields.require("tokens", "a list of token numbers"), "tokens",
                                 served.model.config().vocabulary, static_cast<size_t>(served.limits.tokens));
  return {{"content", served.tokenizer.decode(tokens)}};
}

Json apply_template_json(const ServedModel& served, const Json& request) {
  return {{"prompt", render_chat(served, request).text.text}};
}

}  // namespace deepscaler
