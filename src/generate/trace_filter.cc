#include "generate/trace_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "base/config.h"

namespace deepscaler {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (size_t begin = text.find_first_not_of(kSpaces); begin != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_of(kSpaces, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(kSpaces, end);
  }
  return words;
}

// In words; an empty line ends a paragraph.
int64_t longest_paragraph(std::string_view text) {
  int64_t longest = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find("\n\n"), text.size());
    longest = std::max<int64_t>(longest, std::ssize(words_of(text.substr(0, end))));
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return longest;
}

// How often the most frequent run of kRepeatedWords words occurs.
int64_t most_frequent_run(std::string_view text) {
  const std::vector<std::string_view> words = words_of(text);
  std::unordered_map<std::string, int64_t> counts;
  int64_t most = 0;
  for (size_t i = 0; i + kRepeatedWords <= words.size(); ++i) {
    std::string run;
    for (size_t w = i; w < i + kRepeatedWords; ++w) run.append(words[w]).append(" ");
    most = std::max(most, ++counts[std::move(run)]);
  }
  return most;
}

}  // namespace

void bind(ConfigSection& s, TraceFilterConfig& c) {
  s.field("least_reward", c.least_reward, "a kept response has at least this reward, beside being right");
  s.field("least_tokens", c.least_tokens, "a kept response has at least so many tokens").at_least(0);
  s.field("most_tokens", c.most_tokens, "a kept response has at most so many tokens").at_least(1);
  s.field("least_language", c.least_language,
          "a kept response has at least this share of its words in the target language")
      .range(0, 1);
  s.field("longest_paragraph", c.longest_paragraph,
          "no paragraph of a kept response has more words; an empty line ends a paragraph")
      .at_least(1);
  s.field("code_blocks", c.code_blocks, "whether a kept response may have blocks of code");
  s.field("most_repeats", c.most_repeats, "no run of 16 words stands more often than this in a kept response")
      .at_least(1);
  s.field("most_per_problem", c.most_per_problem, "so many responses to a problem are kept, the first ones")
      .at_least(1);
}

std::string rejection(const TraceFilterConfig& config, const TraceCandidate& candidate, int64_t chosen) {
  if (candidate.truncated) return "truncated";
  if (!candidate.correct) return "undecided";
  if (!*candidate.correct) return "wrong";
  if (config.least_reward && !(candidate.reward && *candidate.reward >= *config.least_reward))
    return "low-reward";
  if (candidate.tokens < config.least_tokens) return "short";
  if (config.most_tokens && candidate.tokens > *config.most_tokens) return "long";
  if (config.least_language > 0 && language_share(candidate.text, candidate.language) < config.least_language)
    return "mixed-language";
  if (config.longest_paragraph && longest_paragraph(candidate.text) > *config.longest_paragraph)
    return "long-paragraph";
  if (!config.code_blocks && candidate.text.find("```") != std::string_view::npos) return "code-block";
  if (config.most_repeats && most_frequent_run(candidate.text) > *config.most_repeats) return "repetition";
  if (config.most_per_problem && chosen >= *config.most_per_problem) return "surplus";
  return "";
}

std::string describe_rejections(int64_t responses, const std::map<std::string, int64_t>& reasons) {
  int64_t rejected = 0;
  std::string list;
  for (const auto& [reason, count] : reasons) {
    rejected += count;
    list += fmt::format("{}{} {}", list.empty() ? ": " : ", ", count, reason);
  }
  return fmt::format("keeps {} of {} responses{}", responses - rejected, responses, list);
}

}  // namespace deepscaler
