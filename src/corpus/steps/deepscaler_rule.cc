#include "corpus/steps/deepscaler_rule.h"

#include <regex>
#include <set>

namespace deepscaler {
namespace {

std::string without_all(std::string text, std::string_view part) {
  for (size_t at; (at = text.find(part)) != std::string::npos;) text.erase(at, part.size());
  return text;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

void replace_all(std::string& text, std::string_view part, std::string_view other) {
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += other.size()) {
    text.replace(at, part.size(), other);
  }
}

// The group in braces at `at`, or the one character there; `at` moves behind it.
std::string group_at(const std::string& text, size_t& at) {
  if (at >= text.size()) return "";
  if (text[at] != '{') return text.substr(at++, 1);
  const size_t begin = at + 1;
  for (int depth = 0; at < text.size(); ++at) {
    depth += text[at] == '{' ? 1 : text[at] == '}' ? -1 : 0;
    if (depth == 0) return text.substr(begin, at++ - begin);
  }
  return text.substr(begin);
}

}  // namespace

bool deepscaler_allows(std::string_view answer) {
  const std::string rest = without_all(without_all(std::string(answer), "sqrt"), "frac");
  std::set<char> letters;
  for (const char c : rest) {
    if (is_letter(c)) letters.insert(c);
  }
  if (letters.size() > 2) return false;
  if (answer.find("^{") != std::string_view::npos || answer.find("^(") != std::string_view::npos)
    return false;
  for (size_t i = 0; i + 2 < answer.size(); ++i) {
    if (answer[i] != '^' || !is_digit(answer[i + 1])) continue;
    if (is_digit(answer[i + 2]) || answer[i + 2] == '^') return false;
  }
  return true;
}

std::string deepscaler_normalized(std::string_view answer) {
  std::string text(answer);
  for (const std::string_view dress :
       {"\\left", "\\right", "\\text", "\\mathrm", "\\textbf", "\\!", "\\,", "\\;", "\\ ", "\\%", "\\$", "$",
        "%", "^\\circ", "^{\\circ}", "\\circ", "\n"}) {
    text = without_all(text, dress);
  }
  replace_all(text, "\\dfrac", "\\frac");
  replace_all(text, "\\tfrac", "\\frac");
  replace_all(text, "\\cdot", "*");
  replace_all(text, "\\times", "*");
  for (size_t at; (at = text.find("\\frac")) != std::string::npos;) {
    size_t end = at + 5;
    const std::string numerator = group_at(text, end), denominator = group_at(text, end);
    text.replace(at, end - at, numerator + "/" + denominator);
  }
  static const std::regex units(
      "\\b(degrees?|cm|centimeters?|meters?|miles?|seconds?|minutes?|hours?|days?|weeks?|months?|years?|feet|"
      "foot|"
      "inch|inches|yards?)(\\^[0-9]+)?\\b");
  text = std::regex_replace(text, units, "");
  std::string normalized;
  for (const char c : text) {
    if (c == ' ' || c == '{' || c == '}' || c == '\\') continue;
    normalized += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return normalized;
}

}  // namespace deepscaler
