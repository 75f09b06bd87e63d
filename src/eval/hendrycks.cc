#include "eval/hendrycks.h"

#include <charconv>
#include <vector>

namespace deepscaler {
namespace {

using Parts = std::vector<std::string>;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

Parts split(std::string_view text, std::string_view by) {
  Parts parts;
  for (size_t at = text.find(by); at != std::string_view::npos; at = text.find(by)) {
    parts.emplace_back(text.substr(0, at));
    text.remove_prefix(at + by.size());
  }
  parts.emplace_back(text);
  return parts;
}

// "\sqrt3" is "\sqrt{3}". False where nothing follows.
bool brace_roots(std::string& text) {
  const Parts parts = split(text, "\\sqrt");
  text = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::string& part = parts[i];
    if (part.empty()) return false;
    text += part[0] == '{' ? "\\sqrt" + part : "\\sqrt{" + part.substr(0, 1) + "}" + part.substr(1);
  }
  return true;
}

// "\frac12" and "\frac1{72}" are "\frac{1}{2}" and "\frac{1}{72}". False where nothing follows.
bool brace_fractions(std::string& text) {
  const Parts parts = split(text, "\\frac");
  std::string braced = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::string& part = parts[i];
    if (part.empty()) return false;
    braced += "\\frac";
    if (part[0] == '{') {
      braced += part;
      continue;
    }
    if (part.size() < 2) return true;  // as it was
    braced += "{" + part.substr(0, 1) + "}";
    braced += part[1] == '{' ? part.substr(1) : "{" + part.substr(1, 1) + "}" + part.substr(2);
  }
  text = braced;
  return true;
}

bool is_integer(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && std::to_string(number) == text;
}

}  // namespace

std::optional<std::string> hendrycks_form(std::string_view answer) {
  std::string text(answer);
  for (const auto& [from, to] : {std::pair{"\n", ""},
                                 {"\\!", ""},
                                 {"\\\\", "\\"},
                                 {"tfrac", "frac"},
                                 {"dfrac", "frac"},
                                 {"\\left", ""},
                                 {"\\right", ""},
                                 {"^{\\circ}", ""},
                                 {"^\\circ", ""},
                                 {"\\$", ""}}) {
    replace_all(text, from, to);
  }
  const Parts units = split(text, "\\text{ ");
  if (units.size() > 2) return std::nullopt;
  text = units[0];
  for (const auto& [from, to] : {std::pair{"\\%", ""}, {" .", " 0."}, {"{.", "{0."}})
    replace_all(text, from, to);
  if (text.empty()) return text;
  if (text[0] == '.') text.insert(0, "0");
  if (const Parts sides = split(text, "="); sides.size() == 2 && sides[0].size() <= 2) text = sides[1];
  if (!brace_roots(text)) return std::nullopt;
  replace_all(text, " ", "");
  if (!brace_fractions(text)) return std::nullopt;
  if (text == "0.5") text = "\\frac{1}{2}";
  const Parts quotient = split(text, "/");
  if (quotient.size() == 2 && is_integer(quotient[0]) && is_integer(quotient[1])) {
    text = "\\frac{" + quotient[0] + "}{" + quotient[1] + "}";
  }
  return text;
}

bool hendrycks_equal(std::string_view a, std::string_view b) {
  const auto left = hendrycks_form(a), right = hendrycks_form(b);
  return left && right ? *left == *right : a == b;
}

}  // namespace deepscaler
