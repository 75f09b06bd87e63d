// Text to token ids and back: byte-level BPE as Hugging Face's `tokenizers` computes it, id for id.
//
// Invalid UTF-8 becomes U+FFFD; added tokens are cut out; the rest is normalized, cut into words and
// merged. A model's chat template is rendered to text first (chat_template.h) and then encoded here
// without adding special tokens, because templates write their own.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/added_tokens.h"
#include "text/tokenizer/bpe.h"
#include "text/tokenizer/pre_tokenizer.h"
#include "text/tokenizer/tokenizer_definition.h"
#include "text/tokenizer/word_cache.h"

namespace deepscaler {

struct EncodeOptions {
  // Put what the model expects around a text (the bos token of Llama 3).
  bool add_special_tokens = true;
  // kLeaveAsText: "<|im_end|>" written by a user is text, not the control token.
  SpecialTokens special_tokens = SpecialTokens::kFind;
  // Bytes of a text of valid UTF-8 at which no added token begins, in rising order: what stands there is
  // text, whatever it looks like.
  std::span<const size_t> plain_at = {};
};

struct DecodeOptions {
  bool skip_special_tokens = false;
};

// Immutable but for end_responses_at(); encode and decode may be called from any number of threads. Movable.
class Tokenizer {
 public:
  explicit Tokenizer(TokenizerDefinition definition);

  // From a GGUF file or an HF model folder. Throws Error.
  [[nodiscard]] static Tokenizer load(const std::filesystem::path& model);

  [[nodiscard]] std::vector<TokenId> encode(std::string_view text, EncodeOptions options = {}) const;

  // Always valid UTF-8. Ids that are no token (a model's vocabulary may be padded) give nothing.
  [[nodiscard]] std::string decode(std::span<const TokenId> ids, DecodeOptions options = {}) const;

  // The bytes a token stands for, which need not be whole characters; empty where there is none.
  // Lives as long as this object.
  [[nodiscard]] std::string_view token_bytes(TokenId id) const;

  // The id of a token by its text ("<|im_end|>", "<think>").
  [[nodiscard]] std::optional<TokenId> find(std::string_view token) const;

  [[nodiscard]] bool is_special(TokenId id) const;
  // Whether the token is an added one, which is found whole in a text; special or not.
  [[nodiscard]] bool is_added(TokenId id) const;

  // One more than the highest id.
  [[nodiscard]] int64_t size() const { return static_cast<int64_t>(bytes_.size()); }

  // What encode() puts before a text.
  [[nodiscard]] std::span<const TokenId> prefix() const { return definition_.prefix; }
  [[nodiscard]] std::optional<TokenId> bos() const { return definition_.bos; }
  [[nodiscard]] std::optional<TokenId> eos() const { return definition_.eos; }
  [[nodiscard]] std::optional<TokenId> pad() const { return definition_.pad; }
  [[nodiscard]] const std::optional<std::string>& chat_template() const { return definition_.chat_template; }
  // Whether the model has a second chat template, for conversations with tools, which is not read.
  [[nodiscard]] bool has_template_for_tools() const { return definition_.has_template_for_tools; }

  // Tokens that end a response: eos, until end_responses_at() sets others. decode() leaves these tokens out
  // of a response's text, whatever their flags say.
  [[nodiscard]] const std::vector<TokenId>& ends() const { return ends_; }
  void end_responses_at(std::vector<TokenId> tokens);
  // Well-known ends of turns and texts in formats that do not list them (GGUF).
  [[nodiscard]] const std::vector<TokenId>& ends_by_name() const { return definition_.ends_by_name; }

  // The text of bos, eos and pad as chat templates use it; empty where there is none.
  [[nodiscard]] std::string bos_text() const { return text_of(definition_.bos); }
  [[nodiscard]] std::string eos_text() const { return text_of(definition_.eos); }
  [[nodiscard]] std::string pad_text() const { return text_of(definition_.pad); }

  // Writes tokenizer.json and tokenizer_config.json into an existing folder, for transformers. Throws Error.
  void save(const std::filesystem::path& folder) const { write_hf_tokenizer(definition_, folder); }

 private:
  [[nodiscard]] std::string text_of(std::optional<TokenId> id) const;
  void encode_plain(std::string_view text, WordCache& cache, std::vector<TokenId>& ids) const;

  TokenizerDefinition definition_;
  std::vector<std::string> bytes_;  // by id
  std::vector<bool> special_;       // by id
  std::vector<bool> added_;         // by id
  std::vector<TokenId> ends_;
  std::unordered_map<std::string, TokenId> ids_;
  AddedTokenFinder raw_finder_;         // tokens looked for in the raw text
  AddedTokenFinder normalized_finder_;  // and in the normalized text
  PreTokenizer pre_tokenizer_;
  Bpe bpe_;
  std::unique_ptr<WordCachePool> caches_;
};

// Decodes a stream of tokens. Text comes out as soon as its characters are whole. All pieces together are
// what decode() gives for all ids. For one thread; the tokenizer must outlive this object.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer, DecodeOptions options = {})
      : tokenizer_(&tokenizer), options_(options) {}
  explicit StreamDecoder(Tokenizer&&, DecodeOptions = {}) = delete;

  [[nodiscard]] std::string push(TokenId id);
  // The rest at the end of the stream: U+FFFD where the stream stopped inside a character.
  [[nodiscard]] std::string finish();

 private:
  const Tokenizer* tokenizer_;
  DecodeOptions options_;
  std::string pending_;
};

}  // namespace deepscaler
