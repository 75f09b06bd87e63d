#include "verify/extract.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <vector>

#include "base/trim.h"
#include "verify/latex/characters.h"

namespace deepscaler {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

struct Box {
  size_t begin = 0;          // of the command
  size_t content_begin = 0;  // of what the box holds
  size_t content_end = 0;
  size_t end = 0;
  bool closed = false;
};

// The length of \boxed or \fbox at `at`, or 0.
size_t box_command_length(std::string_view text, size_t at) {
  for (const std::string_view command : {"\\boxed", "\\fbox"}) {
    if (!text.substr(at).starts_with(command)) continue;
    const size_t next = at + command.size();
    if (next < text.size() && std::isalpha(static_cast<unsigned char>(text[next]))) return 0;
    return command.size();
  }
  return 0;
}

// All boxes in order of their beginning. One pass with a stack of the open braces, so that hostile
// nesting costs no more than any other text.
std::vector<Box> find_boxes(std::string_view text) {
  std::vector<Box> boxes;
  std::vector<std::optional<size_t>> open;  // for each open brace, the box it opens
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') {
      open.emplace_back();
    } else if (text[i] == '}' && !open.empty()) {
      if (open.back()) {
        Box& box = boxes[*open.back()];
        box.content_end = i;
        box.end = i + 1;
        box.closed = true;
      }
      open.pop_back();
    } else if (text[i] == '\\') {
      const size_t length = box_command_length(text, i);
      if (length == 0) {
        ++i;  // an escaped brace is no brace
        continue;
      }
      const size_t at = text.find_first_not_of(kBlank, i + length);
      Box box{.begin = i, .content_begin = text.size()};
      if (at != std::string_view::npos && text[at] == '{') {
        box.content_begin = at + 1;
        open.emplace_back(boxes.size());
        boxes.push_back(box);
        i = at;
      } else if (at != std::string_view::npos) {  // \boxed 5: TeX takes what comes next
        const size_t stop = std::min(text.find_first_of(" \t\r\n$,.;", at), text.size());
        boxes.push_back({i, at, stop, stop, stop > at});
        i = std::max(stop, i + length) - 1;
      } else {
        boxes.push_back(box);
        break;
      }
    }
  }
  return boxes;
}

// Of the boxes, the closed ones that no other closed box contains.
std::vector<Box> outermost(const std::vector<Box>& boxes) {
  std::vector<Box> result;
  for (const Box& box : boxes) {
    if (box.closed && (result.empty() || box.begin >= result.back().end)) result.push_back(box);
  }
  return result;
}

// Whether the text between two boxes only joins them: "and", "or", a comma, perhaps "x =" of the next.
bool joins_boxes(std::string_view between) {
  if (between.size() > 80) return false;
  std::string plain;
  for (size_t i = 0; i < between.size(); ++i) {
    const std::string_view rest = between.substr(i);
    bool skipped = false;
    for (const std::string_view noise : {"\\text", "\\mathrm", "\\quad", "\\qquad", "\\(", "\\)", "\\[",
                                         "\\]", "\\,", "\\;", "\\ ", "$", "{", "}", "**", "~", "&"}) {
      if (!rest.starts_with(noise)) continue;
      i += noise.size() - 1;
      skipped = true;
      break;
    }
    plain += skipped ? ' ' : lower(between[i]);
  }
  std::string_view rest = trim(plain);
  bool joined = false;
  for (const std::string_view joiner : {",", ";", "and", "or", "and also", "also"}) {
    if (!rest.starts_with(joiner)) continue;
    const std::string_view after = rest.substr(joiner.size());
    if (std::isalpha(static_cast<unsigned char>(joiner.back())) && !after.empty() &&
        std::isalpha(static_cast<unsigned char>(after.front()))) {
      continue;
    }
    rest = trim(after);
    joined = true;
  }
  if (!joined || rest.empty()) return joined;
  return rest.size() <= 12 && rest.back() == '=' && rest.find_first_of(".:\n") == std::string_view::npos;
}

// The rest of the sentence that begins at `at`.
std::string_view sentence_from(std::string_view text, size_t at) {
  size_t end = at;
  for (; end < text.size(); ++end) {
    if (text[end] == '\n' && !trim(text.substr(at, end - at)).empty()) break;
    if (text[end] == '.' && (end + 1 == text.size() || kBlank.find(text[end + 1]) != kBlank.npos)) break;
  }
  return trim(text.substr(at, end - at));
}

struct Span {
  std::string_view text;
  size_t end = 0;
};

// Whether the text between two dollar signs is prose: "costs $5 and $7 more" holds no formula.
bool is_prose(std::string_view text) {
  size_t letters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!std::isalpha(static_cast<unsigned char>(text[i]))) {
      letters = 0;
      continue;
    }
    ++letters;
    const char before = i >= letters ? text[i - letters] : ' ';
    if (letters >= 3 && before == ' ') return true;
  }
  return false;
}

// The next formula at or after `from`: $...$, $$...$$, \(...\) or \[...\].
std::optional<Span> next_formula(std::string_view text, size_t from) {
  constexpr std::array<std::array<std::string_view, 2>, 4> kMarks = {
      {{"$$", "$$"}, {"$", "$"}, {"\\(", "\\)"}, {"\\[", "\\]"}}};
  for (size_t i = text.find_first_of("$\\", from); i != text.npos; i = text.find_first_of("$\\", i + 1)) {
    if (text.substr(i).starts_with("\\$")) {
      ++i;
      continue;
    }
    for (const auto& [open, close] : kMarks) {
      if (!text.substr(i).starts_with(open)) continue;
      const size_t begin = i + open.size();
      size_t end = text.find(close, begin);
      while (end != text.npos && end > begin && text[end - 1] == '\\' && close[0] == '$') {
        end = text.find(close, end + 1);
      }
      if (end == text.npos) return std::nullopt;
      const bool currency = open == "$" && is_prose(text.substr(begin, end - begin));
      if (!currency && !trim(text.substr(begin, end - begin)).empty()) {
        return Span{trim(text.substr(begin, end - begin)), end + close.size()};
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> last_formula(std::string_view text) {
  std::optional<std::string_view> last;
  for (auto span = next_formula(text, 0); span; span = next_formula(text, span->end)) last = span->text;
  return last;
}

bool is_number_char(char c) { return std::isdigit(static_cast<unsigned char>(c)) || c == '.' || c == ','; }

std::optional<std::string_view> last_number(std::string_view text) {
  size_t end = text.size();
  while (end > 0 && !std::isdigit(static_cast<unsigned char>(text[end - 1]))) --end;
  if (end == 0) return std::nullopt;
  size_t begin = end;
  while (begin > 0 && (is_number_char(text[begin - 1]) || text[begin - 1] == '/')) --begin;
  while (begin < end && !std::isdigit(static_cast<unsigned char>(text[begin])) && text[begin] != '.') ++begin;
  if (begin > 0 && text[begin - 1] == '-') --begin;
  if (end < text.size() && text[end] == '%') ++end;
  return text.substr(begin, end - begin);
}

// What a sentence such as "x is $5$ dollars" says, when it holds a formula; else the sentence itself
// without emphasis and quotes.
std::string answer_of_sentence(std::string_view sentence) {
  if (const auto boxed = extract_boxed(sentence); boxed.found == Extraction::Found::answer) return boxed.text;
  if (const auto formula = next_formula(sentence, 0)) {
    const auto second = next_formula(sentence, formula->end);
    return std::string(second ? sentence : formula->text);
  }
  std::string result;
  for (const char c : sentence) {
    if (c != '*' && c != '"' && c != '`') result += c;
  }
  return std::string(trim(result));
}

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

Extraction extract_boxed(std::string_view text) {
  using Found = Extraction::Found;
  const std::vector<Box> boxes = find_boxes(text);
  if (boxes.empty()) return {Found::none, {}};
  if (!boxes.back().closed) return {Found::truncated, {}};
  const std::vector<Box> outer = outermost(boxes);
  size_t first = outer.size() - 1;
  while (first > 0 &&
         joins_boxes(text.substr(outer[first - 1].end, outer[first].begin - outer[first - 1].end))) {
    --first;
  }
  std::string answer;
  for (size_t i = first; i < outer.size(); ++i) {
    const Box& box = outer[i];
    const std::string_view content =
        trim(text.substr(box.content_begin, box.content_end - box.content_begin));
    if (content.empty()) return {Found::empty, {}};
    if (i > first) answer += " \\text{ and } ";
    answer += content;
  }
  return {Found::answer, std::move(answer)};
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
  if (Extraction boxed = extract_boxed(text); boxed.found != Found::none) return boxed;
  for (const std::string_view marker : {"answer:", "answer is", "answer"}) {
    if (auto answer = after_last(text, lowered, marker)) return {Found::answer, std::move(*answer)};
  }
  if (const auto formula = last_formula(text)) return {Found::answer, std::string(*formula)};
  if (const auto number = last_number(text)) return {Found::answer, std::string(*number)};
  return {Found::none, {}};
}

std::string extract_reference(std::string_view reference) {
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
