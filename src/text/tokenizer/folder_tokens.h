// Tokens of an HF model folder that stand beside tokenizer.json: in tokenizer_config.json, in
// added_tokens.json and in special_tokens_map.json. transformers adds them to what tokenizer.json has, and so
// do we:
//
//   added_tokens_decoder        an id, a content, flags; the flags win over those of tokenizer.json. Where it
//   is
//                               missing, the files of older releases count:
//   added_tokens.json           content and id
//   special_tokens_map.json     bos, eos and so on, which win over those of tokenizer_config.json
//   bos_token ... mask_token, additional_special_tokens, extra_special_tokens: special tokens by their
//   content
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

#include "text/tokenizer/tokenizer_definition.h"

namespace deepscaler {

// Adds them and sets bos, eos and pad. `config` is tokenizer_config.json, an empty object where there is
// none. A token that is in no vocabulary gets its id or the next one. Throws Error naming file and key.
void add_folder_tokens(const std::filesystem::path& folder, const nlohmann::json& config,
                       TokenizerDefinition& definition);

}  // namespace deepscaler
