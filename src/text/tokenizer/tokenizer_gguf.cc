// Reads the tokenizer of a GGUF file. Its keys name the pre-tokenizer (`tokenizer.ggml.pre`) where
// tokenizer.json spells it out; the names are those of llama.cpp, the rules those of the model's own
// tokenizer.json.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "formats/excerpt.h"
#include "formats/gguf.h"
#include "text/tokenizer/tokenizer_definition.h"
#include "text/tokenizer/vocabulary_builder.h"
#include "text/unicode/unicode.h"

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

constexpr const char* kQwen35Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

struct Family {
  std::vector<std::string_view> names;
  std::vector<std::string_view> patterns;  // one after the other
  bool digits_first = false;
  bool normalize_nfc = false;
  bool ignore_merges = false;
  bool add_bos = false;  // where the file does not say
};

const std::vector<Family>& families() {
  static const std::vector<Family> kFamilies = {
      {.names = {"gpt-2"}, .patterns = {gpt2_pattern()}},
      {.names = {"smollm"}, .patterns = {gpt2_pattern()}, .digits_first = true},
      {.names = {"qwen2", "deepseek-r1-qwen"}, .patterns = {kQwen2Pattern}, .normalize_nfc = true},
      {.names = {"qwen35"}, .patterns = {kQwen35Pattern}, .normalize_nfc = true},
      {.names = {"llama-bpe", "llama3", "llama-v3"},
       .patterns = {kLlama3Pattern},
       .ignore_merges = true,
       .add_bos = true},
      {.names = {"smaug-bpe"}, .patterns = {kLlama3Pattern}},
      // What llama.cpp does with files that are older than the key.
      {.names = {"default"},
       .patterns = {R"([\p{P}\$\+<=>\^~\|]+)",
                    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S))", R"(\p{N}+)",
                    R"([0-9][0-9][0-9])"}},
  };
  return kFamilies;
}

const Family& family_of(const GgufFile& file) {
  const auto key = file.find_string("tokenizer.ggml.pre");
  const std::string_view name = key.value_or("default");
  if (!key || name == "default") {
    log_warning(
        "{}: it does not name its pre-tokenizer (tokenizer.ggml.pre): text is cut as llama.cpp cuts it, "
        "which "
        "may be other than in training",
        file.where());
  }
  const auto known = std::ranges::find_if(
      families(), [&](const Family& family) { return std::ranges::count(family.names, name) > 0; });
  if (known != families().end()) return *known;
  throw Error(file.where(), "unknown pre-tokenizer " + excerpt(name),
              "known are gpt-2, smollm, qwen2, deepseek-r1-qwen, qwen35, llama-bpe, smaug-bpe and default");
}

void apply(const Family& family, TokenizerDefinition& definition) {
  if (family.digits_first) definition.pre_tokenizer.emplace_back(DigitsRule{.individual = true});
  for (const std::string_view pattern : family.patterns) {
    definition.pre_tokenizer.emplace_back(SplitRule{.pattern = std::string(pattern)});
  }
  definition.normalize_nfc = family.normalize_nfc;
  definition.ignore_merges = family.ignore_merges;
}

// Tokens that merges can make, or that are a symbol: text is cut into these.
std::vector<bool> made_by_merges(const TokenizerDefinition& definition) {
  std::vector<bool> made(definition.tokens.size());
  for (size_t id = 0; id < made.size(); ++id) {
    const std::string& token = definition.tokens[id];
    made[id] = !token.empty() && utf8_char_at(token, 0).bytes == token.size();
  }
  for (const Merge& merge : definition.merges) made[static_cast<size_t>(merge.joined)] = true;
  return made;
}

bool is_in_marks(std::string_view token, std::string_view open, std::string_view close) {
  return token.size() > open.size() + close.size() && token.starts_with(open) && token.ends_with(close);
}

bool looks_like_control(std::string_view token) {
  return is_in_marks(token, "<|", "|>") || is_in_marks(token, "<\uff5c", "\uff5c>");
}

// Many files give control tokens the type of ordinary ones, or none at all. A token in angle brackets that no
// merge makes is never found in a text unless it is looked for as a whole.
void read_added_tokens(const GgufFile& file, TokenizerDefinition& definition) {
  const auto types = file.find_integers("tokenizer.ggml.token_type");
  if (types && types->size() != definition.tokens.size()) {
    throw Error(file.where(), "'tokenizer.ggml.token_type' and 'tokenizer.ggml.tokens' differ in length",
                kRemedy);
  }
  const std::vector<bool> made = made_by_merges(definition);
  for (size_t id = 0; id < definition.tokens.size(); ++id) {
    const std::string& token = definition.tokens[id];
    int64_t type = types ? (*types)[id] : 0;
    if (type != kControl && type != kUserDefined && !made[id] && is_in_marks(token, "<", ">")) {
      type = looks_like_control(token) ? kControl : kUserDefined;
    }
    if (type != kControl && type != kUserDefined) continue;
    definition.added_tokens.push_back(
        {.id = static_cast<TokenId>(id), .content = token, .special = type == kControl});
  }
}

// The ends of turns and texts that a file need not list: llama.cpp finds them by these names.
void find_ends_by_name(TokenizerDefinition& definition) {
  constexpr std::string_view kNames[] = {"<|im_end|>",
                                         "<|eot_id|>",
                                         "<|eom_id|>",
                                         "<|end|>",
                                         "<|end_of_turn|>",
                                         "<end_of_turn>",
                                         "<|return|>",
                                         "<|call|>",
                                         "<|endoftext|>",
                                         "<|end_of_text|>",
                                         "</s>",
                                         "<eos>",
                                         "<|eot|>",
                                         "<|eom|>",
                                         "<EOT>",
                                         "<end_of_utterance>",
                                         "<\uff5cend\u2581of\u2581sentence\uff5c>"};
  for (const AddedToken& token : definition.added_tokens) {
    if (std::ranges::count(kNames, token.content) > 0) definition.ends_by_name.push_back(token.id);
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

// What begins or ends a text is a control token, unless it is a part of ordinary text.
void make_special(std::optional<TokenId> id, TokenizerDefinition& definition) {
  if (!id) return;
  const auto known = std::ranges::find(definition.added_tokens, *id, &AddedToken::id);
  if (known != definition.added_tokens.end()) {
    known->special = true;
  } else if (!made_by_merges(definition)[static_cast<size_t>(*id)]) {
    definition.added_tokens.push_back(
        {.id = *id, .content = definition.tokens[static_cast<size_t>(*id)], .special = true});
  }
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
  for (const std::string_view merge : file.strings("tokenizer.ggml.merges")) {
    if (!merge.starts_with(kMergesHeader)) vocabulary.add_merge(merge);
  }
  read_added_tokens(file, definition);

  definition.bos = token_id(file, "tokenizer.ggml.bos_token_id", definition);
  definition.eos = token_id(file, "tokenizer.ggml.eos_token_id", definition);
  definition.pad = token_id(file, "tokenizer.ggml.padding_token_id", definition);
  for (const char* key : {"eos", "eot", "eom"}) {
    make_special(token_id(file, fmt::format("tokenizer.ggml.{}_token_id", key).c_str(), definition),
                 definition);
  }
  make_special(definition.bos, definition);
  find_ends_by_name(definition);
  const bool add_bos = file.find_bool("tokenizer.ggml.add_bos_token").value_or(family.add_bos);
  if (add_bos && definition.bos) definition.prefix = {*definition.bos};
  if (file.find_bool("tokenizer.ggml.add_eos_token").value_or(false) && definition.eos) {
    definition.suffix = {*definition.eos};
  }
  if (const auto source = file.find_string("tokenizer.chat_template")) definition.chat_template = *source;
  definition.has_template_for_tools = file.find_string("tokenizer.chat_template.tool_use").has_value();
  return definition;
}

}  // namespace deepscaler
