#include "verify/equation_tag.h"

#include <algorithm>

#include "base/trim.h"
#include "verify/latex/characters.h"

namespace deepscaler {
namespace {

constexpr size_t kMaxLabel = 8;

// 1, 2.3, A, 1', (4), *, iv, \star
bool is_label(std::string_view label) {
  if (label.size() > 2 && label.front() == '(' && label.back() == ')')
    label = label.substr(1, label.size() - 2);
  for (const std::string_view mark : {"\\star", "\\ast", "\\dagger"}) {
    if (label == mark) return true;
  }
  const bool roman = std::ranges::all_of(label, [](char c) { return c == 'i' || c == 'v' || c == 'x'; });
  const auto letters = std::ranges::count_if(label, is_ascii_letter);
  return !label.empty() && label.size() <= kMaxLabel && (roman || letters <= 1) &&
         std::ranges::all_of(label, [](char c) {
           return is_digit(c) || is_ascii_letter(c) || c == '.' || c == '*' || c == '\'';
         });
}

}  // namespace

std::string_view without_tag(std::string_view formula) {
  const size_t at = std::max(formula.rfind("\\tag") + 1, formula.rfind("\\eqno") + 1);
  if (at == 0) return formula;
  const std::string_view command = formula.substr(at);
  const bool is_number = command.starts_with("eqno");
  std::string_view rest = trim(command.substr(is_number ? 4 : 3));
  if (!is_number && rest.starts_with('*')) rest.remove_prefix(1);
  const size_t close = rest.find(is_number ? ')' : '}');
  const bool closed = rest.starts_with(is_number ? '(' : '{') && close != rest.npos;
  if (!closed || !is_label(trim(rest.substr(1, close - 1)))) return formula;
  const std::string_view after = trim(rest.substr(close + 1));
  const std::string_view before = trim(formula.substr(0, at - 1));
  return (after.empty() || after == ".") && !before.empty() ? before : formula;
}

bool stands_in_a_line(std::string_view text, size_t at) {
  bool dollars = false, brackets = false;
  for (size_t i = 0; i < at; ++i) {
    if (text[i] == '\\') {
      ++i;
      if (text[i] == '(') brackets = true;
      if (text[i] == ')') brackets = false;
    } else if (text[i] == '$') {
      if (text.substr(i).starts_with("$$")) {
        ++i;
      } else {
        dollars = !dollars;
      }
    } else if (text[i] == '\n' && i + 1 < at && text[i + 1] == '\n') {  // a paragraph ends all of them
      dollars = brackets = false;
    }
  }
  return dollars || brackets;
}

}  // namespace deepscaler
