// Cuts text into the pieces ("words") within which BPE merges.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "text/tokenizer/split_pattern.h"

namespace deepscaler {

// Cuts digits (the category N) from everything else: one by one, or in runs.
struct DigitsRule {
  bool individual = true;

  bool operator==(const DigitsRule&) const = default;
};

using PreTokenizerRule = std::variant<SplitRule, DigitsRule>;

// GPT-2's pattern, which tokenizer.json's ByteLevel node applies where its `use_regex` is set.
[[nodiscard]] std::string_view gpt2_pattern();

// Rules applied in order, each to every piece that the one before left. Thread-safe.
class PreTokenizer {
 public:
  PreTokenizer(const std::vector<PreTokenizerRule>& rules, const std::string& where);

  // Views into `text`, which must be valid UTF-8.
  [[nodiscard]] std::vector<std::string_view> split(std::string_view text) const;

 private:
  std::vector<std::variant<SplitPattern, DigitsRule>> steps_;
};

}  // namespace deepscaler
