#include "text/tokenizer/gguf_pre_tokenizer.h"

#include <algorithm>

#include "text/tokenizer/tokenizer_definition.h"

namespace deepscaler {
namespace {

constexpr const char* kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

constexpr const char* kQwen35Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

const std::vector<GgufPreTokenizer>& all() {
  static const std::vector<GgufPreTokenizer> kAll = {
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
  return kAll;
}

}  // namespace

std::vector<PreTokenizerRule> GgufPreTokenizer::rules() const {
  std::vector<PreTokenizerRule> rules;
  if (digits_first) rules.emplace_back(DigitsRule{.individual = true});
  for (const std::string_view pattern : patterns) {
    rules.emplace_back(SplitRule{.pattern = std::string(pattern)});
  }
  return rules;
}

const GgufPreTokenizer* gguf_pre_tokenizer(std::string_view name) {
  const auto known =
      std::ranges::find_if(all(), [&](const auto& each) { return std::ranges::count(each.names, name) > 0; });
  return known == all().end() ? nullptr : &*known;
}

const GgufPreTokenizer* gguf_pre_tokenizer_of(const TokenizerDefinition& definition) {
  // Without merges every byte is a token, however a text is cut.
  if (definition.merges.empty()) return &all().front();
  const auto known = std::ranges::find_if(all(), [&](const auto& each) {
    return each.rules() == definition.pre_tokenizer && each.ignore_merges == definition.ignore_merges;
  });
  return known == all().end() ? nullptr : &*known;
}

}  // namespace deepscaler
