#include "verify/boxes.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <vector>

#include "base/trim.h"
#include "verify/algebra/functions.h"
#include "verify/equation_tag.h"
#include "verify/latex/characters.h"
#include "verify/words/counted_words.h"
#include "verify/words/units.h"

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
        // An escaped brace is no brace. A box may be behind two backslashes, out of a doubly escaped text.
        if (box_command_length(text, i + 1) == 0) ++i;
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

// Without the brackets that say when the first box holds: "(if $a > 0$)".
std::string_view without_condition(std::string_view between) {
  const size_t open = between.find_first_not_of(" \t\r\n$~");
  if (open == between.npos || between[open] != '(') return between;
  const size_t close = between.find(')', open);
  const std::string_view said = between.substr(open + 1);
  for (const std::string_view word : {"if ", "when ", "for "}) {
    if (close != between.npos && said.starts_with(word)) return between.substr(close + 1);
  }
  return between;
}

// "the maximum is": the next box is the other half of one answer.
bool names_the_other(const std::vector<std::string>& words, size_t first) {
  constexpr std::string_view kOthers[] = {"maximum",  "minimum", "largest", "smallest",
                                          "greatest", "least",   "other",   "second"};
  return words.size() == first + 3 && words[first] == "the" && words[first + 2] == "is" &&
         std::ranges::find(kOthers, words[first + 1]) != std::end(kOthers);
}

// Whether the text between two boxes only joins them: "and", "or", a comma, perhaps "x =" of the next.
bool joins_boxes(std::string_view between) {
  if (between.size() > 80) return false;
  between = without_condition(between);
  std::string plain;
  for (size_t i = 0; i < between.size(); ++i) {
    const std::string_view rest = between.substr(i);
    if (rest.starts_with("\\&")) {
      plain += " and ";
      ++i;
      continue;
    }
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
  std::vector<std::string> words;  // and commas
  for (size_t i = 0; i < plain.size();) {
    size_t end = i;
    while (end < plain.size() && is_letter(plain[end])) ++end;
    if (end == i && kBlank.find(plain[i]) == kBlank.npos) ++end;
    if (end > i) words.emplace_back(plain.substr(i, end - i));
    i = std::max(end, i + 1);
  }
  const auto is_joiner = [](const std::string& word) {
    return word == "," || word == ";" || word == "and" || word == "or" || word == "also";
  };
  // What the first box counts or measures, the joint, and the name before the next one.
  size_t i = 0;
  while (i < words.size() && i < 2 && (is_counted_noun(words[i]) || find_unit(words[i]))) ++i;
  const size_t joint = i;
  while (i < words.size() && is_joiner(words[i])) ++i;
  const auto phrase = [&](std::initializer_list<std::string_view> said) {
    const bool follows = words.size() - i >= said.size() &&
                         std::equal(said.begin(), said.end(), words.begin() + static_cast<std::ptrdiff_t>(i));
    if (follows) i += said.size();
  };
  if (i > joint) phrase({"else"});
  if (i == joint) phrase({"as", "well", "as"});
  if (i == joint) phrase({"together", "with"});
  if (i == joint) phrase({"along", "with"});
  if (i == joint) return false;
  return i == words.size() || names_the_other(words, i) ||
         (words.size() - i <= 4 && words.back() == "=" &&
          std::ranges::none_of(
              words, [](const std::string& word) { return word == "." || word == ":" || word == "\\"; }));
}

}  // namespace

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
    std::string_view content = trim(text.substr(box.content_begin, box.content_end - box.content_begin));
    const bool last = i + 1 == outer.size();
    if (last && !stands_in_a_line(text, box.begin)) content = without_tag(content);
    if (content.empty()) return {Found::empty, {}};
    if (i > first) answer += " \\text{ and } ";
    answer += content;
  }
  return {Found::answer, std::move(answer)};
}

}  // namespace deepscaler
