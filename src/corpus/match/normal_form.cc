#include "corpus/match/normal_form.h"

namespace deepscaler {
namespace {

// Of ASCII alone, whatever the locale.
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || is_upper(c); }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

// What the command at the front of `text` (after its backslash) is in a bare form.
std::string bare_command(std::string_view name) {
  if (name == "dfrac" || name == "tfrac" || name == "cfrac") return "\\frac";
  for (const std::string_view dress : {"left", "right", "big", "bigg", "displaystyle", "quad", "qquad",
                                       "text", "textbf", "textit", "mathrm", "mbox", "limits"}) {
    if (name == dress) return "";
  }
  return "\\" + std::string(name);
}

}  // namespace

Words lower_words(std::string_view text) {
  Words words;
  std::string word;
  for (const char c : text) {
    if (!is_space(c)) {
      word += lower(c);
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

Words plain_words(std::string_view text) {
  std::string plain(text);
  for (char& c : plain) {
    if (is_ascii(c) && !is_letter(c) && !is_digit(c)) c = ' ';
  }
  return lower_words(plain);
}

std::string letters_and_digits(std::string_view text) {
  std::string form;
  for (const char c : text) {
    if (is_letter(c) || is_digit(c)) form += lower(c);
  }
  return form;
}

std::string bare_form(std::string_view text) {
  constexpr std::string_view kDress = "$~{}.,;:?!'\"`";
  std::string form;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      size_t end = i + 1;
      while (end < text.size() && is_letter(text[end])) ++end;
      // "\," and the like are spaces, "\(" and "\[" open a formula; "\%" and "\{" mean their character.
      const std::string_view name = text.substr(i + 1, end - i - 1);
      if (!name.empty()) form += bare_command(name);
      const bool is_mark = name.empty() && end < text.size();
      if (is_mark && (text[end] == '%' || text[end] == '{' || text[end] == '}')) form += text[end];
      i = is_mark ? end : end - 1;
      continue;
    }
    const bool in_number = (c == '.' || c == ',') && i > 0 && is_digit(text[i - 1]) && i + 1 < text.size() &&
                           is_digit(text[i + 1]);
    if (is_space(c) || (kDress.find(c) != std::string_view::npos && !in_number)) continue;
    form += lower(c);
  }
  return form;
}

std::string numberless_form(std::string_view text) {
  const std::string bare = bare_form(text);
  std::string form;
  for (size_t i = 0; i < bare.size(); ++i) {
    if (!is_digit(bare[i])) {
      form += bare[i];
      continue;
    }
    while (i + 1 < bare.size() && (is_digit(bare[i + 1]) || bare[i + 1] == '.' || bare[i + 1] == ',')) ++i;
    form += '#';
  }
  return form;
}

}  // namespace deepscaler
