#include "text/tokenizer/byte_tokenizer.h"

#include "text/tokenizer/byte_symbols.h"
#include "text/unicode/unicode.h"

namespace deepscaler {

Tokenizer byte_tokenizer() {
  TokenizerDefinition definition;
  definition.where = "byte tokenizer";
  for (int byte = 0; byte < 256; ++byte) {
    std::string symbol;
    append_utf8(byte_symbols()[static_cast<size_t>(byte)], symbol);
    definition.tokens.push_back(std::move(symbol));
  }
  definition.tokens.emplace_back("<|endoftext|>");
  definition.added_tokens.push_back({.id = kByteTokenizerEos, .content = "<|endoftext|>", .special = true});
  definition.pre_tokenizer.push_back(SplitRule{std::string(gpt2_pattern())});
  definition.eos = definition.pad = kByteTokenizerEos;
  return Tokenizer(std::move(definition));
}

}  // namespace deepscaler
