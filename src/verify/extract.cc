#include "verify/extract.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <vector>

#include "base/trim.h"
#include "verify/algebra/functions.h"
#include "verify/equation_tag.h"
#include "verify/latex/characters.h"
#include "verify/parse/parse.h"
#include "verify/sentence.h"
#include "verify/words/counted_words.h"
#include "verify/words/units.h"

namespace deepscaler {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

// Without the closing braces of what was opened before: of the \text around "the answer is".
std::string without_stray_braces(std::string_view text) {
  std::string result;
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      result += text[i++];
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && depth-- == 0) {
      depth = 0;
      continue;
    }
    result += text[i];
  }
  return std::string(trim(result));
}

std::optional<std::string> after_last(std::string_view text, const std::string& lowered,
                                      std::string_view marker) {
  const size_t at = lowered.rfind(marker);
  if (at == lowered.npos) return std::nullopt;
  size_t begin = at + marker.size();
  while (begin < text.size() && (kBlank.find(text[begin]) != kBlank.npos || text[begin] == ':' ||
                                 text[begin] == '*' || text[begin] == '=')) {
    ++begin;
  }
  std::string answer = without_stray_braces(answer_of_sentence(sentence_from(text, begin)));
  if (answer.empty()) return std::nullopt;
  return answer;
}

// What stands in the last <answer>...</answer>.
std::optional<std::string> tagged_answer(std::string_view text, const std::string& lowered) {
  constexpr std::string_view kOpen = "<answer>", kClose = "</answer>";
  const size_t close = lowered.rfind(kClose);
  const size_t open = close == lowered.npos ? close : lowered.rfind(kOpen, close);
  if (open == lowered.npos) return std::nullopt;
  const std::string_view content = trim(text.substr(open + kOpen.size(), close - open - kOpen.size()));
  if (content.empty()) return std::nullopt;
  return answer_of_sentence(content);
}

// Whether the words of a line, of three letters and more, are those of mathematics; of a line of words alone,
// whether it is one of the usual answers.
bool says_nothing_else(std::string_view line) {
  constexpr std::string_view kAnswers[] = {"yes",
                                           "no",
                                           "true",
                                           "false",
                                           "odd",
                                           "even",
                                           "none",
                                           "dne",
                                           "undefined",
                                           "no solution",
                                           "no solutions",
                                           "infinity",
                                           "infinitely many",
                                           "all real numbers",
                                           "does not exist"};
  constexpr std::string_view kWords[] = {"and", "sqrt", "percent", "infinity", "union"};
  constexpr std::string_view kProse[] = {"is", "it", "so", "we", "of", "to", "by", "be", "if", "he"};
  const std::string lowered = lower(line);
  if (std::ranges::find(kAnswers, lowered) != std::end(kAnswers)) return true;
  bool only_words = true;
  for (size_t i = 0; i < line.size();) {
    size_t end = i;
    while (end < line.size() && is_ascii_letter(line[end])) ++end;
    const std::string_view word = std::string_view(lowered).substr(i, end - i);
    if (std::ranges::find(kProse, word) != std::end(kProse)) return false;
    const bool command = i > 0 && line[i - 1] == '\\';
    only_words = only_words && (end > i || line[i] == ' ');
    if (word.size() > 2 && !command && function_of(word) == Function::unknown &&
        std::ranges::find(kWords, word) == std::end(kWords)) {
      return false;
    }
    i = std::max(end, i + 1);
  }
  return !only_words || line.size() == 1;
}

// A response that is nothing but the answer: one line that can be read, and no sentence.
std::optional<std::string> whole_answer(std::string_view text) {
  constexpr size_t kMaxBytes = 200;
  std::string_view line = trim(text);
  while (line.starts_with("**") && line.ends_with("**") && line.size() > 4)
    line = trim(line.substr(2, line.size() - 4));
  if (line.ends_with('.') && !line.ends_with("..")) line.remove_suffix(1);
  if (line.empty() || line.size() > kMaxBytes || line.find('\n') != line.npos) return std::nullopt;
  if (line.starts_with('$') && count_formulas(line) == 1 && line.ends_with('$'))
    line = trim(line.substr(1, line.size() - 2));
  if (line.find('$') != line.npos && line.find("\\$") == line.npos) return std::nullopt;
  if (count_formulas(line) > 0 || !says_nothing_else(line) || !parse_answer(line)) return std::nullopt;
  return std::string(line);
}

}  // namespace

AfterThinking after_thinking(std::string_view response, bool prompt_opened_thinking) {
  constexpr std::string_view kOpen = "<think>", kClose = "</think>";
  const size_t close = response.rfind(kClose);
  if (close != response.npos) {
    const std::string_view rest = response.substr(close + kClose.size());
    return {rest.find(kOpen) == rest.npos, rest};
  }
  return {!prompt_opened_thinking && response.find(kOpen) == response.npos, response};
}

Extraction extract_any(std::string_view text) {
  using Found = Extraction::Found;
  const std::string lowered = lower(text);
  const size_t hope = lowered.rfind("i hope it is correct");
  if (hope != lowered.npos) {
    const std::string_view before = text.substr(0, hope);
    if (auto answer = after_last(before, lowered.substr(0, hope), "final answer is")) {
      return {Found::answer, std::move(*answer)};
    }
  }
  if (auto answer = after_last(text, lowered, "final answer is")) return {Found::answer, std::move(*answer)};
  if (auto answer = tagged_answer(text, lowered)) return {Found::answer, std::move(*answer)};
  if (Extraction boxed = extract_boxed(text); boxed.found != Found::none) return boxed;
  for (const std::string_view marker : {"answer:", "answer is", "answer", "option is", "choice is"}) {
    if (auto answer = after_last(text, lowered, marker)) return {Found::answer, std::move(*answer)};
  }
  if (auto answer = whole_answer(text)) return {Found::answer, std::move(*answer)};
  if (auto answer = answer_of_last_formula(text)) return {Found::answer, std::move(*answer)};
  if (const auto number = last_number(text)) return {Found::answer, std::string(*number)};
  return {Found::none, {}};
}

std::string single_escaped(std::string_view text) {
  // Every run of backslashes has an even length, and a command or an escaped sign is behind one of them.
  bool commands = false;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && text[end] == '\\') ++end;
    if ((end - i) % 2 != 0) return std::string(text);
    const char next = end > i && end < text.size() ? text[end] : ' ';
    const bool letters = is_ascii_letter(next) && end + 1 < text.size() && is_ascii_letter(text[end + 1]);
    commands = commands || letters || std::string_view("{}%$,;!()|").find(next) != std::string_view::npos;
    i = std::max(end, i + 1);
  }
  if (!commands) return std::string(text);
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    result += text[i];
    if (text[i] == '\\') ++i;
  }
  return result;
}

std::string extract_reference(std::string_view written) {
  const std::string whole = single_escaped(written);
  const std::string_view reference = without_tag(trim(whole));
  constexpr std::string_view kGsm8kMark = "####";
  if (const size_t at = reference.rfind(kGsm8kMark); at != reference.npos) {
    return std::string(trim(reference.substr(at + kGsm8kMark.size())));
  }
  if (Extraction boxed = extract_boxed(reference); boxed.found == Extraction::Found::answer)
    return boxed.text;
  const std::string lowered = lower(reference);
  for (const std::string_view marker : {"answer is", "answer:"}) {
    if (auto answer = after_last(reference, lowered, marker)) return *answer;
  }
  return std::string(trim(reference));
}

}  // namespace deepscaler
