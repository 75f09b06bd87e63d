// Tokens of an HF model folder that stand beside tokenizer.json. As transformers does, we add them to the
// tokens of tokenizer.json:
//
//   tokenizer_config.json
//     added_tokens_decoder       id, content and flags; the flags win over those of tokenizer.json
//     bos_token ... mask_token, additional_special_tokens, extra_special_tokens: tokens by their content
//   where added_tokens_decoder is missing, the files of older releases:
//     added_tokens.json          content and id
//     special_tokens_map.json    bos, eos and so on; they win over those of tokenizer_config.json
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

#include "text/tokenizer/tokenizer_definition.h"

namespace deepscaler {

// Adds these tokens and sets bos, eos and pad. `config` is tokenizer_config.json, or an empty object. A token
// that is in no vocabulary gets the id that its file gives, or the next free one. Throws Error naming file
// and key.
void add_folder_tokens(const std::filesystem::path& folder, const nlohmann::json& config,
                       TokenizerDefinition& definition);

}  // namespace deepscaler
