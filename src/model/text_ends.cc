#include "model/text_ends.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/log.h"
#include "model/adapter_file.h"
#include "model/model_file.h"
#include "text/chat/turn_end.h"

namespace deepscaler {
namespace {

void add(TokenId token, const char* named_by, std::vector<TextEnd>& ends) {
  auto known = std::ranges::find(ends, token, &TextEnd::token);
  if (known == ends.end()) known = ends.insert(ends.end(), {token, {}});
  known->named_by.emplace_back(named_by);
}

std::optional<TokenId> turn_end_of(const Tokenizer& tokenizer) {
  const auto& source = tokenizer.chat_template();
  return source ? turn_end(ChatTemplate(*source), tokenizer) : std::nullopt;
}

}  // namespace

std::vector<TextEnd> find_text_ends(const ModelConfig& config, const Tokenizer& tokenizer) {
  std::vector<TextEnd> ends;
  for (const TokenId token : config.eos) add(token, "config", ends);
  if (tokenizer.eos()) add(*tokenizer.eos(), "tokenizer", ends);
  if (const auto token = turn_end_of(tokenizer)) add(*token, "chat template", ends);
  for (const TokenId token : tokenizer.ends_by_name()) add(token, "its name", ends);
  // A tokenizer may have more tokens than the model: they are never said.
  std::erase_if(ends, [&](const TextEnd& end) { return end.token >= config.vocabulary; });
  return ends;
}

std::string text_end_text(const TextEnd& end, const Tokenizer& tokenizer) {
  return fmt::format("{} {} ({})", end.token, tokenizer.token_bytes(end.token),
                     fmt::join(end.named_by, ", "));
}

void settle_text_ends(const ModelConfig& config, Tokenizer& tokenizer, const std::string& where) {
  std::vector<TokenId> tokens;
  std::vector<std::string> added;
  for (const TextEnd& end : find_text_ends(config, tokenizer)) {
    tokens.push_back(end.token);
    if (end.named_by.front() != "config") added.push_back(text_end_text(end, tokenizer));
  }
  if (!added.empty()) {
    log_info("{}: a response also ends with what its config does not name: {}", where,
             fmt::join(added, "; "));
  }
  if (tokenizer.chat_template() && !turn_end_of(tokenizer)) {
    log_warning("{}: its chat template ends a turn of the assistant with no token", where);
  }
  tokenizer.end_responses_at(std::move(tokens));
}

Tokenizer load_tokenizer(const std::filesystem::path& model) {
  const bool has_none = is_adapter(model) && !std::filesystem::exists(model / "tokenizer.json");
  Tokenizer tokenizer = Tokenizer::load(has_none ? adapter_base(model) : model);
  settle_text_ends(read_model_config(model), tokenizer, model.string());
  return tokenizer;
}

}  // namespace deepscaler
