// Which of a model's graded responses become traces of a data set: rejection sampling (DeepSeek-R1, section
// 2.3.3, which leaves out wrong answers and chains of thought with mixed languages, long paragraphs and code
// blocks). A response is tried by one condition after the other; the first that it fails is its reason:
//
//   truncated        it was cut at the limit of its length
//   undecided        the verifier can't say whether it is right
//   wrong            it is not right
//   low-reward       its reward is below least_reward, or none
//   short, long      it has fewer tokens than least_tokens, or more than most_tokens
//   mixed-language   fewer of its words than least_language are in the target language
//   long-paragraph   some paragraph has more words than longest_paragraph
//   code-block       it has a block of code ("```")
//   repetition       the same kRepeatedWords words in a row stand in it more often than most_repeats
//   surplus          its problem has most_per_problem traces already
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "text/unicode/language.h"

namespace deepscaler {

class ConfigSection;

struct TraceFilterConfig {
  std::optional<double> least_reward;
  int64_t least_tokens = 0;
  std::optional<int64_t> most_tokens;
  double least_language = 0;
  std::optional<int64_t> longest_paragraph;
  bool code_blocks = true;
  std::optional<int64_t> most_repeats;
  std::optional<int64_t> most_per_problem;
};

void bind(ConfigSection& section, TraceFilterConfig& config);

inline constexpr size_t kRepeatedWords = 16;

// A response as the conditions see it.
struct TraceCandidate {
  std::string_view text;
  int64_t tokens = 0;
  bool truncated = false;
  std::optional<bool> correct;             // none: undecided
  Language language = Language::kEnglish;  // the one that least_language asks for
  std::optional<double> reward;  // none where nothing but the verifier grades, or where it is undecided
};

// The reason why a response is no trace, "" where it is one; `chosen` of its problem's are traces already.
[[nodiscard]] std::string rejection(const TraceFilterConfig& config, const TraceCandidate& candidate,
                                    int64_t chosen);

// "keeps 5 of 12 responses: 4 wrong, 3 truncated". `reasons` has the number of responses by reason.
[[nodiscard]] std::string describe_rejections(int64_t responses,
                                              const std::map<std::string, int64_t>& reasons);

}  // namespace deepscaler
