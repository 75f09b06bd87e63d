// Everything that makes a byte-level BPE tokenizer, free of the format it was read from: what
// tokenizer.json, tokenizer_config.json and the `tokenizer.*` keys of a GGUF file have in common.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "text/tokenizer/added_tokens.h"
#include "text/tokenizer/bpe.h"
#include "text/tokenizer/pre_tokenizer.h"

namespace deepscaler {

class GgufFile;
class GgufKeys;

struct TokenizerDefinition {
  std::string where;  // the file it came from, for errors

  std::vector<std::string> tokens;  // by id, as symbols (byte_symbols.h); empty where an id is unused
  std::vector<Merge> merges;
  bool ignore_merges = false;            // a word that is a token as it is takes no merges
  std::optional<TokenId> unknown;        // stands for bytes that the vocabulary lacks
  std::vector<AddedToken> added_tokens;  // their contents are in `tokens` as well

  bool normalize_nfc = false;
  std::vector<PreTokenizerRule> pre_tokenizer;
  std::vector<TokenId> prefix;  // put before and after a text that is encoded with special tokens
  std::vector<TokenId> suffix;

  std::optional<TokenId> bos;
  std::optional<TokenId> eos;
  std::optional<TokenId> pad;
  std::vector<TokenId> ends_by_name;  // of turns and texts, where the format has no list of them
  std::optional<std::string> chat_template;
  bool has_template_for_tools = false;  // a second chat template, which is not read
};

// From the keys `tokenizer.*`. Throws Error naming the file and the key.
[[nodiscard]] TokenizerDefinition read_gguf_tokenizer(const GgufFile& file);

// The same keys, for a model of so many tokens: ids without a token are written as unused ones. Throws Error
// for what such keys can't say.
void write_gguf_tokenizer(const TokenizerDefinition& definition, int64_t vocabulary, GgufKeys& keys);

// From tokenizer.json in an HF model folder, with tokenizer_config.json and chat_template.jinja where
// they are there. A node that is not known is refused by name. Throws Error.
[[nodiscard]] TokenizerDefinition read_hf_tokenizer(const std::filesystem::path& folder);

// Reads the text of a tokenizer.json alone; bos, eos, pad and the chat template stay empty. Throws Error
// naming `where`.
[[nodiscard]] TokenizerDefinition parse_tokenizer_json(std::string_view text, const std::string& where);

// Writes tokenizer.json and tokenizer_config.json into `folder`: transformers' AutoTokenizer loads
// them and gives the same ids. Throws Error.
void write_hf_tokenizer(const TokenizerDefinition& definition, const std::filesystem::path& folder);

}  // namespace deepscaler
