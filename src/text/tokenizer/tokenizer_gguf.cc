// Reads the tokenizer of a GGUF file. Its keys name the pre-tokenizer (`tokenizer.ggml.pre`) where
// tokenizer.json spells it out; the names are those of llama.cpp, the rules those of the model's own
// tokenizer.json.
#include <algorithm>

#include "base/error.h"
#include "formats/excerpt.h"
#include "formats/gguf.h"
#include "text/tokenizer/tokenizer_definition.h"
#include "text/tokenizer/vocabulary_builder.h"

namespace deepscaler {
namespace {

constexpr const char* kRemedy = "use a GGUF file of a model this program knows";

// `tokenizer.ggml.token_type`.
constexpr int64_t kControl = 3;
constexpr int64_t kUserDefined = 4;

constexpr const char* kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

struct Family {
  const char* name;
  const char* pattern;  // null: GPT-2's
  bool digits_first = false;
  bool normalize_nfc = false;
  bool ignore_merges = false;
  bool add_bos = false;  // where the file does not say
};

constexpr Family kFamilies[] = {
    {.name = "gpt-2", .pattern = nullptr},
    {.name = "smollm", .pattern = nullptr, .digits_first = true},
    {.name = "qwen2", .pattern = kQwen2Pattern, .normalize_nfc = true},
    {.name = "deepseek-r1-qwen", .pattern = kQwen2Pattern, .normalize_nfc = true},
    {.name = "llama-bpe", .pattern = kLlama3Pattern, .ignore_merges = true, .add_bos = true},
};

const Family& family_of(const GgufFile& file) {
  const std::string_view name = file.string("tokenizer.ggml.pre");
  const auto known =
      std::ranges::find_if(kFamilies, [&](const Family& family) { return name == family.name; });
  if (known != std::end(kFamilies)) return *known;
  throw Error(file.where(), "unknown pre-tokenizer " + excerpt(name),
              "known are gpt-2, smollm, qwen2, deepseek-r1-qwen and llama-bpe");
}

void apply(const Family& family, TokenizerDefinition& definition) {
  if (family.digits_first) definition.pre_tokenizer.emplace_back(DigitsRule{.individual = true});
  const std::string pattern(family.pattern ? std::string_view(family.pattern) : gpt2_pattern());
  definition.pre_tokenizer.emplace_back(SplitRule{.pattern = pattern});
  definition.normalize_nfc = family.normalize_nfc;
  definition.ignore_merges = family.ignore_merges;
}

void read_added_tokens(const GgufFile& file, TokenizerDefinition& definition) {
  const auto types = file.find_integers("tokenizer.ggml.token_type");
  if (!types) return;
  if (types->size() != definition.tokens.size()) {
    throw Error(file.where(), "'tokenizer.ggml.token_type' and 'tokenizer.ggml.tokens' differ in length",
                kRemedy);
  }
  for (size_t id = 0; id < types->size(); ++id) {
    const int64_t type = (*types)[id];
    if (type != kControl && type != kUserDefined) continue;
    definition.added_tokens.push_back(
        {.id = static_cast<TokenId>(id), .content = definition.tokens[id], .special = type == kControl});
  }
}

std::optional<TokenId> token_id(const GgufFile& file, const char* key,
                                const TokenizerDefinition& definition) {
  const auto id = file.find_integer(key);
  if (!id) return std::nullopt;
  if (*id < 0 || static_cast<uint64_t>(*id) >= definition.tokens.size()) {
    throw Error(file.where(), fmt::format("key '{}': there is no token {}", key, *id), kRemedy);
  }
  return static_cast<TokenId>(*id);
}

}  // namespace

TokenizerDefinition read_gguf_tokenizer(const GgufFile& file) {
  TokenizerDefinition definition;
  definition.where = file.where();
  if (const auto model = file.string("tokenizer.ggml.model"); model != "gpt2") {
    throw Error(file.where(),
                "tokenizer of kind " + excerpt(model) + "; only byte-level BPE ('gpt2') is supported",
                kRemedy);
  }
  const Family& family = family_of(file);
  apply(family, definition);

  const auto tokens = file.strings("tokenizer.ggml.tokens");
  VocabularyBuilder vocabulary(definition, tokens.size());
  for (size_t id = 0; id < tokens.size(); ++id) vocabulary.add_token(tokens[id], static_cast<int64_t>(id));
  for (const std::string_view merge : file.strings("tokenizer.ggml.merges")) vocabulary.add_merge(merge);
  read_added_tokens(file, definition);

  definition.bos = token_id(file, "tokenizer.ggml.bos_token_id", definition);
  definition.eos = token_id(file, "tokenizer.ggml.eos_token_id", definition);
  definition.pad = token_id(file, "tokenizer.ggml.padding_token_id", definition);
  const bool add_bos = file.find_bool("tokenizer.ggml.add_bos_token").value_or(family.add_bos);
  if (add_bos && definition.bos) definition.prefix = {*definition.bos};
  if (file.find_bool("tokenizer.ggml.add_eos_token").value_or(false) && definition.eos) {
    definition.suffix = {*definition.eos};
  }
  if (const auto source = file.find_string("tokenizer.chat_template")) definition.chat_template = *source;
  return definition;
}

}  // namespace deepscaler
