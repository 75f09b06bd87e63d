#include "verify/sentence.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/trim.h"
#include "verify/boxes.h"
#include "verify/equation_tag.h"
#include "verify/latex/characters.h"

namespace deepscaler {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

bool is_blank(char c) { return kBlank.find(c) != kBlank.npos; }

struct Span {
  std::string_view text;
  size_t begin = 0;  // of the opening mark
  size_t end = 0;    // behind the closing one
};

// Whether the text between two dollar signs is prose or part of a sum of money: "costs $5 and $7 more",
// "$10 + $5" hold no formula.
bool is_currency(std::string_view text) {
  if (text.empty() || !is_digit(text[0])) return false;
  const size_t command = text.find('\\');
  if (command != text.npos && command + 1 < text.size() && is_ascii_letter(text[command + 1])) return false;
  if (is_blank(text.back()) || std::string_view("+-*/=").find(text.back()) != std::string_view::npos)
    return true;
  size_t letters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!is_ascii_letter(text[i])) {
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
      const std::string_view content = trim(text.substr(begin, end - begin));
      const bool currency = open == "$" && is_currency(text.substr(begin, end - begin));
      const bool says_something =
          std::ranges::any_of(content, [](char c) { return is_digit(c) || is_letter(c); });
      const bool in_display = open == "$$" || open == "\\[";
      if (!currency && says_something)
        return Span{in_display ? without_tag(content) : content, i, end + close.size()};
    }
  }
  return std::nullopt;
}

// Without the asterisks and quotes of emphasis; those between two factors stay.
std::string without_emphasis(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '"' || text[i] == '`') {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < text.size() && text[end] == '*') ++end;
    if (end == i) {
      result += text[i++];
      continue;
    }
    const auto is_edge = [&](bool outside, char c) {
      return outside || is_blank(c) || std::string_view(".,;:!?").find(c) != std::string_view::npos;
    };
    const bool opens = is_edge(i == 0, i > 0 ? text[i - 1] : ' ');
    const bool closes = is_edge(end == text.size(), end < text.size() ? text[end] : ' ');
    if (opens == closes && i > 0 && end < text.size()) result += text.substr(i, end - i);
    i = end;
  }
  return std::string(trim(result));
}

// Up to what only comments on the answer: ", which is the total", " because ...", ", not 73".
std::string_view without_comment(std::string_view sentence) {
  const std::string lowered = lower(sentence);
  size_t end = sentence.size();
  for (const std::string_view comment : {" because ", " since ", " so that ", " as ", " which ", " where "}) {
    end = std::min(end, lowered.find(comment));
  }
  for (size_t at = lowered.find(", "); at < end; at = lowered.find(", ", at + 1)) {
    constexpr std::string_view kComments[] = {"which", "not",   "it",    "because", "since",  "so",
                                              "as",    "but",   "where", "this",    "that",   "he",
                                              "she",   "they",  "we",    "i",       "making", "giving",
                                              "for",   "after", "when",  "given",   "thus",   "hence"};
    size_t stop = at + 2;
    while (stop < lowered.size() && is_ascii_letter(lowered[stop])) ++stop;
    const std::string_view word = std::string_view(lowered).substr(at + 2, stop - at - 2);
    const bool is_variable = word.size() == 1 && word != "i";
    if (!is_variable && std::ranges::find(kComments, word) != std::end(kComments)) end = at;
  }
  return trim(sentence.substr(0, end));
}

// Behind the last verb outside of formulas that says what something is: "34" of "the largest $n$ is 34".
std::string_view predicate_of(std::string_view sentence) {
  std::string lowered = lower(sentence);
  for (auto span = next_formula(sentence, 0); span; span = next_formula(sentence, span->end)) {
    std::fill(lowered.begin() + static_cast<std::ptrdiff_t>(span->begin),
              lowered.begin() + static_cast<std::ptrdiff_t>(span->end), '$');
  }
  size_t begin = std::string::npos;
  for (const std::string_view verb :
       {" is ", " are ", " equals ", " equal to ", " must be ", " is:", "there are ", "there is "}) {
    const size_t at = lowered.rfind(verb);
    if (at == lowered.npos) continue;
    const size_t after = at + verb.size();
    if (begin == std::string::npos || after > begin) begin = after;
  }
  return begin == std::string::npos ? std::string_view() : trim(sentence.substr(begin));
}

// Whether the text between two formulas makes them one answer: "$8$, $4$" and "$8$ or $4$".
bool joins(std::string_view between) {
  constexpr std::string_view kJoints[] = {",", "and", "or", ", and", ", or"};
  return std::ranges::find(kJoints, trim(between)) != std::end(kJoints);
}

bool is_number_char(char c) { return is_digit(c) || c == '.' || c == ','; }

}  // namespace

std::string_view sentence_from(std::string_view text, size_t at) {
  size_t end = at;
  if (const auto formula = next_formula(text, at); formula && formula->begin == at) end = formula->end;
  for (; end < text.size(); ++end) {
    if (text[end] == '\n' && !trim(text.substr(at, end - at)).empty()) break;
    if (text[end] == '.' && (end + 1 == text.size() || is_blank(text[end + 1]))) break;
  }
  return trim(text.substr(at, end - at));
}

size_t count_formulas(std::string_view text) {
  size_t count = 0;
  for (auto span = next_formula(text, 0); span; span = next_formula(text, span->end)) ++count;
  return count;
}

std::string answer_of_sentence(std::string_view sentence) {
  if (const auto boxed = extract_boxed(sentence); boxed.found == Extraction::Found::answer) return boxed.text;
  sentence = without_comment(sentence);
  const std::string_view predicate = predicate_of(sentence);
  if (std::ranges::any_of(predicate, is_digit) || next_formula(predicate, 0)) sentence = predicate;
  if (const auto formula = next_formula(sentence, 0)) {
    const auto second = next_formula(sentence, formula->end);
    return second ? without_emphasis(sentence) : std::string(formula->text);
  }
  return without_emphasis(sentence);
}

std::optional<std::string> answer_of_last_formula(std::string_view text) {
  std::optional<Span> first, last;  // of formulas that only commas and the like join
  for (auto span = next_formula(text, 0); span; span = next_formula(text, span->end)) {
    if (!last || !joins(text.substr(last->end, span->begin - last->end))) first = span;
    last = span;
  }
  if (!last) return std::nullopt;
  // "$n$ is 34": a number behind the verb.
  const std::string padded = " " + std::string(without_comment(sentence_from(text, last->end)));
  const std::string_view said = predicate_of(padded);
  if (!said.empty() && last_number(said)) return without_emphasis(said);
  if (first->begin == last->begin) return std::string(last->text);
  return std::string(text.substr(first->begin, last->end - first->begin));
}

std::optional<std::string_view> last_number(std::string_view text) {
  for (size_t end = text.size();;) {
    while (end > 0 && !is_digit(text[end - 1])) --end;
    if (end == 0) return std::nullopt;
    size_t begin = end;
    while (begin > 0 && (is_number_char(text[begin - 1]) || text[begin - 1] == '/')) --begin;
    const size_t first = begin;
    if (begin > 0 && is_letter(text[begin - 1])) {  // H2O
      end = begin;
      continue;
    }
    while (begin < end && !is_digit(text[begin]) && text[begin] != '.') ++begin;
    const std::string_view number = text.substr(begin, end - begin);
    const auto digits_before = [&] {
      return begin > 1 && begin == first && text[begin - 1] == ' ' && is_digit(text[begin - 2]);
    };
    const bool fraction = number.find('/') != number.npos;
    const bool group = number.size() == 3 && std::ranges::all_of(number, is_digit);
    if ((fraction || group) && digits_before()) {  // 3 1/2, 1 000
      size_t whole = begin - 1;
      while (whole > 0 && is_digit(text[whole - 1])) --whole;
      const bool free =
          whole == 0 || is_blank(text[whole - 1]) || text[whole - 1] == '-' || text[whole - 1] == '$';
      if (free && (fraction || begin - 1 - whole <= 3)) begin = whole;
    }
    if (begin > 0 && text[begin - 1] == '-') --begin;
    if (end < text.size() && text[end] == '%') ++end;
    for (const std::string_view percent : {" percent", " per cent", " pct"}) {
      if (lower(text.substr(end, percent.size())) == percent) end += percent.size();
    }
    return text.substr(begin, end - begin);
  }
}

}  // namespace deepscaler
