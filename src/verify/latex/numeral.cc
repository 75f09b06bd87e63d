#include "verify/latex/numeral.h"

#include <algorithm>

#include "verify/latex/characters.h"

namespace deepscaler {
namespace {

char at(std::string_view text, size_t i) { return i < text.size() ? text[i] : '\0'; }

bool three_digits_at(std::string_view text, size_t i) {
  return is_digit(at(text, i)) && is_digit(at(text, i + 1)) && is_digit(at(text, i + 2)) &&
         !is_digit(at(text, i + 3));
}

// Whether bare commas group the digits of the numeral here: 1,234,567 does and 27,54,108 is a list.
bool commas_group(std::string_view text) {
  size_t i = 0;
  while (is_digit(at(text, i))) ++i;
  while (at(text, i) == ',' && is_digit(at(text, i + 1))) {
    if (!three_digits_at(text, i + 1)) return false;
    i += 4;
  }
  return true;
}

// What separates groups of three digits at `i`: the separator's length, or 0.
size_t separator_length(std::string_view text, size_t i, bool comma_separates) {
  for (const std::string_view always :
       {"{,}", ",\\!", ", \\!", ",\\,", "\\,", "\\ ", "\\!", "\\;", "{\\,}", "'"}) {
    if (!text.substr(std::min(i, text.size())).starts_with(always)) continue;
    size_t length = always.size();
    while (at(text, i + length) == ' ') ++length;
    return length;
  }
  if (at(text, i) == ',') return comma_separates ? 1 : 0;
  return at(text, i) == ' ' ? 1 : 0;
}

// Whether a subscript that can be a base with letters for digits (11 ... 36) begins at `i`.
bool base_with_letters_at(std::string_view text, size_t i) {
  if (at(text, i) != '_') return false;
  const size_t begin = at(text, i + 1) == '{' ? i + 2 : i + 1;
  if (!is_digit(at(text, begin)) || !is_digit(at(text, begin + 1)) || is_digit(at(text, begin + 2)))
    return false;
  const int base = (at(text, begin) - '0') * 10 + (at(text, begin + 1) - '0');
  return base > 10 && base <= 36;
}

bool is_lettered_digit(char c) { return is_digit(c) || is_capital(c); }

}  // namespace

Numeral read_numeral(std::string_view text, NumeralContext context) {
  std::string digits;
  size_t i = 0;
  while (is_digit(at(text, i))) digits += at(text, i++);
  if (!digits.empty() && digits.size() <= 3 && digits[0] != '0') {
    const bool comma_separates = context.commas_may_group && commas_group(text);
    size_t separator = 0;
    while ((separator = separator_length(text, i, comma_separates)) != 0 &&
           three_digits_at(text, i + separator)) {
      digits += text.substr(i + separator, 3);
      i += separator + 3;
    }
  }
  if (at(text, i) == '.' && (is_digit(at(text, i + 1)) || (at(text, i + 1) != '.' && !digits.empty()))) {
    const char next = at(text, i + 1);
    const bool sentence_end = !is_digit(next) && next != '\\' && next != '(';
    if (!sentence_end) digits += at(text, i++);
    while (is_digit(at(text, i))) digits += at(text, i++);
  }
  if ((at(text, i) == 'e' || at(text, i) == 'E') && context.exponent_may_follow) {
    const size_t sign = at(text, i + 1) == '-' || at(text, i + 1) == '+' ? 1 : 0;
    size_t end = i + 1 + sign;
    while (is_digit(at(text, end))) ++end;
    if (end > i + 1 + sign && end < i + 9) {
      digits += text.substr(i, end - i);
      i = end;
    }
  }
  return {std::move(digits), i};
}

Numeral read_lettered_numeral(std::string_view text, bool in_text) {
  size_t length = 0;
  while (is_lettered_digit(at(text, length))) ++length;
  std::string digits(text.substr(0, length));
  size_t end = length;  // of what is read, with the \text{...} around the letters
  for (const std::string_view command : {"\\text{", "\\mathrm{"}) {
    if (!text.substr(length).starts_with(command)) continue;
    size_t i = length + command.size();
    while (is_lettered_digit(at(text, i))) digits += at(text, i++);
    end = at(text, i) == '}' ? i + 1 : length;
  }
  const bool has_letter = std::any_of(digits.begin(), digits.end(), is_capital);
  const size_t subscript = in_text && at(text, end) == '}' ? end + 1 : end;
  if (!has_letter || digits.size() < 2 || !base_with_letters_at(text, subscript)) return {};
  return {std::move(digits), end};
}

}  // namespace deepscaler
