// The pre-tokenizers that GGUF files name (`tokenizer.ggml.pre`) where tokenizer.json spells them out: the
// names are llama.cpp's, the rules those of the models' own tokenizer.json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/pre_tokenizer.h"

namespace deepscaler {

struct TokenizerDefinition;

struct GgufPreTokenizer {
  std::vector<std::string_view> names;     // the first is the one that is written
  std::vector<std::string_view> patterns;  // one after the other
  bool digits_first = false;
  bool normalize_nfc = false;
  bool ignore_merges = false;
  bool add_bos = false;  // where the file does not say

  [[nodiscard]] std::vector<PreTokenizerRule> rules() const;
};

// Null where the name is not known.
[[nodiscard]] const GgufPreTokenizer* gguf_pre_tokenizer(std::string_view name);
// The one that cuts text as the definition does; null where none does.
[[nodiscard]] const GgufPreTokenizer* gguf_pre_tokenizer_of(const TokenizerDefinition& definition);

}  // namespace deepscaler
