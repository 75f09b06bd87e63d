#include "text/byte_tokenizer.h"

#include "text/byte_symbols.h"

namespace deepscaler {

Tokenizer byte_tokenizer() {
  TokenizerDefinition definition;
  definition.where = "byte tokenizer";
  for (int byte = 0; byte < 256; ++byte) {
    definition.tokens.push_back(bytes_to_symbols(std::string(1, static_cast<char>(byte))));
  }
  definition.tokens.emplace_back("<|endoftext|>");
  definition.added_tokens.push_back({.id = kByteTokenizerEos, .content = "<|endoftext|>", .special = true});
  definition.pre_tokenizer.push_back(SplitRule{std::string(gpt2_pattern())});
  definition.eos = definition.pad = kByteTokenizerEos;
  return Tokenizer(std::move(definition));
}

}  // namespace deepscaler
