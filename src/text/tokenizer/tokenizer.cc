#include "text/tokenizer/tokenizer.h"

#include "base/error.h"
#include "formats/excerpt.h"
#include "formats/gguf.h"
#include "text/tokenizer/byte_symbols.h"
#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

// A token whose characters are no byte symbols (an added token in another script) stands for itself.
std::vector<std::string> bytes_of_tokens(const std::vector<std::string>& tokens) {
  std::vector<std::string> bytes;
  bytes.reserve(tokens.size());
  for (const std::string& token : tokens) bytes.push_back(bytes_of_symbols(token).value_or(token));
  return bytes;
}

std::unordered_map<std::string, TokenId> ids_of_tokens(const std::vector<std::string>& tokens) {
  std::unordered_map<std::string, TokenId> ids;
  for (size_t id = 0; id < tokens.size(); ++id) {
    if (!tokens[id].empty()) ids.emplace(tokens[id], static_cast<TokenId>(id));
  }
  return ids;
}

std::vector<AddedToken> added_tokens(const TokenizerDefinition& definition, bool normalized) {
  std::vector<AddedToken> tokens;
  for (AddedToken token : definition.added_tokens) {
    if (token.normalized != normalized) continue;
    if (normalized && definition.normalize_nfc) token.content = nfc(token.content);
    tokens.push_back(std::move(token));
  }
  return tokens;
}

BpeRules bpe_rules(const TokenizerDefinition& definition, const std::vector<std::string>& bytes,
                   const std::unordered_map<std::string, TokenId>& ids) {
  BpeRules rules;
  for (int byte = 0; byte < 256; ++byte) {
    std::string symbol;
    append_utf8(byte_symbols()[byte], symbol);
    const auto found = ids.find(symbol);
    if (found != ids.end()) rules.byte_tokens[byte] = found->second;
  }
  rules.unknown = definition.unknown;
  rules.merges = definition.merges;
  if (definition.ignore_merges) {
    for (size_t id = 0; id < bytes.size(); ++id) {
      if (bytes_of_symbols(definition.tokens[id]))
        rules.whole_words.emplace(bytes[id], static_cast<TokenId>(id));
    }
  }
  return rules;
}

}  // namespace

Tokenizer::Tokenizer(TokenizerDefinition definition)
    : definition_(std::move(definition)),
      bytes_(bytes_of_tokens(definition_.tokens)),
      special_(definition_.tokens.size()),
      added_(definition_.tokens.size()),
      ids_(ids_of_tokens(definition_.tokens)),
      raw_finder_(added_tokens(definition_, false)),
      normalized_finder_(added_tokens(definition_, true)),
      pre_tokenizer_(definition_.pre_tokenizer, definition_.where),
      bpe_(bpe_rules(definition_, bytes_, ids_)),
      caches_(std::make_unique<WordCachePool>()) {
  for (const AddedToken& token : definition_.added_tokens) {
    added_[static_cast<size_t>(token.id)] = true;
    special_[static_cast<size_t>(token.id)] = token.special;
  }
  if (definition_.eos) ends_ = {*definition_.eos};
}

Tokenizer Tokenizer::load(const std::filesystem::path& model) {
  if (std::filesystem::is_directory(model)) return Tokenizer(read_hf_tokenizer(model));
  return Tokenizer(read_gguf_tokenizer(GgufFile(model)));
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, EncodeOptions options) const {
  std::string repaired;
  if (valid_utf8_prefix(text) != text.size()) {
    repaired = repaired_utf8(text);
    text = repaired;
  }
  std::vector<const char*> plain_at;
  for (const size_t at : options.plain_at) plain_at.push_back(text.data() + at);
  std::vector<TokenId> ids;
  if (options.add_special_tokens) ids = definition_.prefix;
  WordCachePool::Loan cache(*caches_);
  for (const TextSegment& segment : raw_finder_.split(text, options.special_tokens, plain_at)) {
    if (segment.token) {
      ids.push_back(*segment.token);
      continue;
    }
    const std::string normalized = definition_.normalize_nfc ? nfc(segment.text) : std::string();
    const std::string_view plain = definition_.normalize_nfc ? normalized : segment.text;
    for (const TextSegment& inner : normalized_finder_.split(plain, options.special_tokens, plain_at)) {
      if (inner.token) {
        ids.push_back(*inner.token);
      } else {
        encode_plain(inner.text, *cache, ids);
      }
    }
  }
  if (options.add_special_tokens) ids.insert(ids.end(), definition_.suffix.begin(), definition_.suffix.end());
  return ids;
}

void Tokenizer::encode_plain(std::string_view text, WordCache& cache, std::vector<TokenId>& ids) const {
  for (const std::string_view word : pre_tokenizer_.split(text)) {
    if (const auto* known = cache.find(word)) {
      ids.insert(ids.end(), known->begin(), known->end());
      continue;
    }
    const size_t before = ids.size();
    bpe_.encode(word, ids);
    cache.insert(word, std::span(ids).subspan(before));
  }
}

std::string Tokenizer::decode(std::span<const TokenId> ids, DecodeOptions options) const {
  std::string bytes;
  for (const TokenId id : ids) {
    if (!options.skip_special_tokens || !is_special(id)) bytes += token_bytes(id);
  }
  return valid_utf8_prefix(bytes) == bytes.size() ? bytes : repaired_utf8(bytes);
}

std::string_view Tokenizer::token_bytes(TokenId id) const {
  if (id < 0 || static_cast<size_t>(id) >= bytes_.size()) return {};
  return bytes_[static_cast<size_t>(id)];
}

std::optional<TokenId> Tokenizer::find(std::string_view token) const {
  const auto found = ids_.find(std::string(token));
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

bool Tokenizer::is_special(TokenId id) const {
  return id >= 0 && static_cast<size_t>(id) < special_.size() && special_[static_cast<size_t>(id)];
}

bool Tokenizer::is_added(TokenId id) const {
  return id >= 0 && static_cast<size_t>(id) < added_.size() && added_[static_cast<size_t>(id)];
}

void Tokenizer::end_responses_at(std::vector<TokenId> tokens) {
  ends_ = std::move(tokens);
  for (const TokenId id : ends_) {
    if (static_cast<size_t>(id) < special_.size()) special_[static_cast<size_t>(id)] = true;
  }
}

std::string Tokenizer::text_of(std::optional<TokenId> id) const {
  return id ? definition_.tokens[static_cast<size_t>(*id)] : std::string();
}

std::string StreamDecoder::push(TokenId id) {
  if (!options_.skip_special_tokens || !tokenizer_->is_special(id)) pending_ += tokenizer_->token_bytes(id);
  const size_t whole = pending_.size() - unfinished_utf8_suffix(pending_);
  const std::string text = repaired_utf8(std::string_view(pending_).substr(0, whole));
  pending_.erase(0, whole);
  return text;
}

std::string StreamDecoder::finish() {
  const std::string text = repaired_utf8(pending_);
  pending_.clear();
  return text;
}

}  // namespace deepscaler
