// Which tokens end a response. The files of a model say it in up to five places, which often disagree:
// config.json, generation_config.json, the tokenizer's end-of-text token, the chat template's end of a turn,
// and in GGUF files the names of well-known tokens. A token that any of them names ends a response.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "model/model.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

struct TextEnd {
  TokenId token;
  std::vector<std::string> named_by;  // "config", "tokenizer", "chat template", "its name"
};

[[nodiscard]] std::vector<TextEnd> find_text_ends(const ModelConfig& config, const Tokenizer& tokenizer);

// "258 <|im_end|> (tokenizer, chat template)".
[[nodiscard]] std::string text_end_text(const TextEnd& end, const Tokenizer& tokenizer);

// The tokenizer ends responses at all of them from here on (Tokenizer::ends()). Says which the config does
// not name, and that the chat template ends a turn without one. `where` names the model.
void settle_text_ends(const ModelConfig& config, Tokenizer& tokenizer, const std::string& where);

// The tokenizer of a model with its ends settled, for what needs no weights yet. An adapter that has none
// uses its base's.
[[nodiscard]] Tokenizer load_tokenizer(const std::filesystem::path& model);

}  // namespace deepscaler
