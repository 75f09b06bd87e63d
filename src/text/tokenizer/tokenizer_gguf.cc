// The tokenizer of a GGUF file: its keys `tokenizer.*`, read and written as llama.cpp does.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "formats/excerpt.h"
#include "formats/gguf.h"
#include "formats/gguf_writer.h"
#include "text/tokenizer/gguf_pre_tokenizer.h"
#include "text/tokenizer/tokenizer_definition.h"
#include "text/tokenizer/vocabulary_builder.h"
#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

constexpr const char* kRemedy = "use a GGUF file of a model this program knows";

// `tokenizer.ggml.token_type`.
constexpr int32_t kNormal = 1;
constexpr int32_t kControl = 3;
constexpr int32_t kUserDefined = 4;
constexpr int32_t kUnused = 5;

// What stands for an id without a token.
std::string unused_token(size_t id) { return fmt::format("[PAD{}]", id); }

const GgufPreTokenizer& pre_tokenizer_of(const GgufFile& file) {
  const auto key = file.find_string("tokenizer.ggml.pre");
  const std::string_view name = key.value_or("default");
  if (!key || name == "default") {
    log_warning(
        "{}: it does not name its pre-tokenizer (tokenizer.ggml.pre): text is cut as llama.cpp cuts it, "
        "which "
        "may be other than in training",
        file.where());
  }
  if (const GgufPreTokenizer* known = gguf_pre_tokenizer(name)) return *known;
  throw Error(file.where(), "unknown pre-tokenizer " + excerpt(name),
              "known are gpt-2, smollm, qwen2, deepseek-r1-qwen, qwen35, llama-bpe, smaug-bpe and default");
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

using TokenTypes = std::optional<std::vector<int64_t>>;

TokenTypes token_types(const GgufFile& file, size_t tokens) {
  auto types = file.find_integers("tokenizer.ggml.token_type");
  if (types && types->size() != tokens) {
    throw Error(file.where(), "'tokenizer.ggml.token_type' and 'tokenizer.ggml.tokens' differ in length",
                kRemedy);
  }
  return types;
}

// Many files give control tokens the type of ordinary ones, or none at all. A token in angle brackets that no
// merge makes is never found in a text unless it is looked for as a whole.
void read_added_tokens(const TokenTypes& types, TokenizerDefinition& definition) {
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
  const GgufPreTokenizer& pre_tokenizer = pre_tokenizer_of(file);
  definition.pre_tokenizer = pre_tokenizer.rules();
  definition.normalize_nfc = pre_tokenizer.normalize_nfc;
  definition.ignore_merges = pre_tokenizer.ignore_merges;

  const auto tokens = file.strings("tokenizer.ggml.tokens");
  const auto types = token_types(file, tokens.size());
  VocabularyBuilder vocabulary(definition, tokens.size());
  for (size_t id = 0; id < tokens.size(); ++id) {
    if (types && (*types)[id] == kUnused && tokens[id] == unused_token(id)) continue;
    vocabulary.add_token(tokens[id], static_cast<int64_t>(id));
  }
  for (const std::string_view merge : file.strings("tokenizer.ggml.merges")) {
    if (!merge.starts_with(kMergesHeader)) vocabulary.add_merge(merge);
  }
  read_added_tokens(types, definition);

  definition.bos = token_id(file, "tokenizer.ggml.bos_token_id", definition);
  definition.eos = token_id(file, "tokenizer.ggml.eos_token_id", definition);
  definition.pad = token_id(file, "tokenizer.ggml.padding_token_id", definition);
  for (const char* key : {"eos", "eot", "eom"}) {
    make_special(token_id(file, fmt::format("tokenizer.ggml.{}_token_id", key).c_str(), definition),
                 definition);
  }
  make_special(definition.bos, definition);
  find_ends_by_name(definition);
  const bool add_bos = file.find_bool("tokenizer.ggml.add_bos_token").value_or(pre_tokenizer.add_bos);
  if (add_bos && definition.bos) definition.prefix = {*definition.bos};
  if (file.find_bool("tokenizer.ggml.add_eos_token").value_or(false) && definition.eos) {
    definition.suffix = {*definition.eos};
  }
  if (const auto source = file.find_string("tokenizer.chat_template")) definition.chat_template = *source;
  definition.has_template_for_tools = file.find_string("tokenizer.chat_template.tool_use").has_value();
  return definition;
}

namespace {

void set_token(const char* key, std::optional<TokenId> id, GgufKeys& keys) {
  if (id) keys.set_u32(key, static_cast<uint32_t>(*id));
}

// What is put around a text can only be bos and eos.
void set_added_around(const TokenizerDefinition& definition, GgufKeys& keys) {
  const auto is_only = [&](const std::vector<TokenId>& around, std::optional<TokenId> token) {
    if (around.empty()) return false;
    if (around.size() == 1 && token && around.front() == *token) return true;
    throw Error(definition.where, "puts other tokens around a text than bos and eos",
                "a GGUF file can't say so; use the Hugging Face folder");
  };
  keys.set_bool("tokenizer.ggml.add_bos_token", is_only(definition.prefix, definition.bos));
  keys.set_bool("tokenizer.ggml.add_eos_token", is_only(definition.suffix, definition.eos));
}

const GgufPreTokenizer& named_pre_tokenizer(const TokenizerDefinition& definition) {
  const GgufPreTokenizer* named = gguf_pre_tokenizer_of(definition);
  if (named == nullptr) {
    throw Error(definition.where, "its pre-tokenizer has no name in GGUF files",
                "those of GPT-2, SmolLM, Qwen and Llama 3 have one");
  }
  if (named->normalize_nfc != definition.normalize_nfc && !definition.merges.empty()) {
    log_warning("{}: its text is {}normalized (NFC), and a GGUF file with the pre-tokenizer {} is read {} it",
                definition.where, definition.normalize_nfc ? "" : "not ", named->names.front(),
                definition.normalize_nfc ? "without" : "with");
  }
  return *named;
}

// The tokens of ids up to `vocabulary`, with their types.
void set_tokens(const TokenizerDefinition& definition, size_t vocabulary, GgufKeys& keys) {
  std::vector<std::string> tokens = definition.tokens;
  tokens.resize(vocabulary);
  std::vector<int32_t> types(vocabulary, kNormal);
  for (size_t id = 0; id < vocabulary; ++id) {
    if (!tokens[id].empty()) continue;
    tokens[id] = unused_token(id);
    types[id] = kUnused;
  }
  for (const AddedToken& token : definition.added_tokens) {
    const bool control = token.special || looks_like_control(token.content);
    types[static_cast<size_t>(token.id)] = control ? kControl : kUserDefined;
  }
  keys.set_strings("tokenizer.ggml.tokens", tokens);
  keys.set_i32s("tokenizer.ggml.token_type", types);
}

// "left right"; a space within a token is written as byte-level BPE writes it.
std::string merge_text(const TokenizerDefinition& definition, const Merge& merge) {
  const auto part = [&](TokenId id) {
    std::string text = definition.tokens[static_cast<size_t>(id)];
    for (size_t at; (at = text.find(' ')) != std::string::npos;) text.replace(at, 1, "\u0120");
    return text;
  };
  return part(merge.left) + " " + part(merge.right);
}

}  // namespace

void write_gguf_tokenizer(const TokenizerDefinition& definition, int64_t vocabulary, GgufKeys& keys) {
  if (std::ssize(definition.tokens) > vocabulary) {
    throw Error(definition.where,
                fmt::format("has {} tokens, and the model {}", definition.tokens.size(), vocabulary),
                "tokenizer and weights must be of one model");
  }
  keys.set_string("tokenizer.ggml.model", "gpt2");
  keys.set_string("tokenizer.ggml.pre", named_pre_tokenizer(definition).names.front());
  set_tokens(definition, static_cast<size_t>(vocabulary), keys);
  std::vector<std::string> merges;
  for (const Merge& merge : definition.merges) merges.push_back(merge_text(definition, merge));
  keys.set_strings("tokenizer.ggml.merges", merges);
  set_token("tokenizer.ggml.bos_token_id", definition.bos, keys);
  set_token("tokenizer.ggml.eos_token_id", definition.eos, keys);
  set_token("tokenizer.ggml.padding_token_id", definition.pad, keys);
  set_token("tokenizer.ggml.unknown_token_id", definition.unknown, keys);
  set_added_around(definition, keys);
  if (definition.chat_template) keys.set_string("tokenizer.chat_template", *definition.chat_template);
}

}  // namespace deepscaler
