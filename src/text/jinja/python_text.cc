#include "text/jinja/python_text.h"

#include <algorithm>

#include "text/unicode/unicode.h"

namespace deepscaler::jinja {
namespace {

bool is_stripped(char32_t code, std::optional<std::string_view> chars) {
  if (!chars) return is_python_space(code);
  std::string character;
  append_utf8(code, character);
  return chars->find(character) != std::string_view::npos;
}

// The words between runs of white space; after `limit` cuts the rest is one piece.
std::vector<std::string> split_words(std::string_view text, std::optional<size_t> limit) {
  std::vector<std::string> pieces;
  text = strip_left(text);
  while (!text.empty()) {
    if (limit && pieces.size() == *limit) {
      pieces.emplace_back(text);
      break;
    }
    size_t end = 0;
    while (end < text.size() && !is_python_space(utf8_char_at(text, end).code))
      end += utf8_char_at(text, end).bytes;
    pieces.emplace_back(text.substr(0, end));
    text = strip_left(text.substr(end));
  }
  return pieces;
}

std::vector<std::string> split_words_from_right(std::string_view text, std::optional<size_t> limit) {
  std::vector<std::string> pieces;
  text = strip_right(text);
  while (!text.empty()) {
    if (limit && pieces.size() == *limit) {
      pieces.emplace_back(text);
      break;
    }
    size_t begin = text.size();
    while (begin > 0 && !is_python_space(utf8_char_before(text, begin).code)) {
      begin -= utf8_char_before(text, begin).bytes;
    }
    pieces.emplace_back(text.substr(begin));
    text = strip_right(text.substr(0, begin));
  }
  std::ranges::reverse(pieces);
  return pieces;
}

template <char32_t (*kMap)(char32_t)>
std::string mapped(std::string_view text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const auto [code, bytes] = utf8_char_at(text, at);
    append_utf8(kMap(code), result);
    at += bytes;
  }
  return result;
}

bool is_line_break(char32_t code) {
  return (code >= 0x0a && code <= 0x0d) || (code >= 0x1c && code <= 0x1e) || code == 0x85 || code == 0x2028 ||
         code == 0x2029;
}

}  // namespace

bool is_python_space(char32_t code) { return is_white_space(code) || (code >= 0x1c && code <= 0x1f); }

std::string_view strip_left(std::string_view text, std::optional<std::string_view> chars) {
  while (!text.empty()) {
    const auto [code, bytes] = utf8_char_at(text, 0);
    if (!is_stripped(code, chars)) break;
    text.remove_prefix(bytes);
  }
  return text;
}

std::string_view strip_right(std::string_view text, std::optional<std::string_view> chars) {
  while (!text.empty()) {
    const auto [code, bytes] = utf8_char_before(text, text.size());
    if (!is_stripped(code, chars)) break;
    text.remove_suffix(bytes);
  }
  return text;
}

std::string_view strip(std::string_view text, std::optional<std::string_view> chars) {
  return strip_left(strip_right(text, chars), chars);
}

std::vector<std::string> split(std::string_view text, std::optional<std::string_view> separator,
                               std::optional<size_t> limit) {
  if (!separator) return split_words(text, limit);
  std::vector<std::string> pieces;
  while (!limit || pieces.size() < *limit) {
    const size_t at = text.find(*separator);
    if (at == std::string_view::npos) break;
    pieces.emplace_back(text.substr(0, at));
    text.remove_prefix(at + separator->size());
  }
  pieces.emplace_back(text);
  return pieces;
}

std::vector<std::string> split_from_right(std::string_view text, std::optional<std::string_view> separator,
                                          std::optional<size_t> limit) {
  if (!separator) return split_words_from_right(text, limit);
  std::vector<std::string> pieces;
  while (!limit || pieces.size() < *limit) {
    const size_t at = text.rfind(*separator);
    if (at == std::string_view::npos) break;
    pieces.emplace_back(text.substr(at + separator->size()));
    text = text.substr(0, at);
  }
  pieces.emplace_back(text);
  std::ranges::reverse(pieces);
  return pieces;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const auto [code, bytes] = utf8_char_at(text, at);
    if (!is_line_break(code)) {
      at += bytes;
      continue;
    }
    lines.emplace_back(text.substr(begin, at - begin));
    at += code == '\r' && at + 1 < text.size() && text[at + 1] == '\n' ? 2 : bytes;
    begin = at;
  }
  if (begin < text.size()) lines.emplace_back(text.substr(begin));
  return lines;
}

std::string replace(std::string_view text, std::string_view from, std::string_view to,
                    std::optional<size_t> limit) {
  std::string result;
  size_t done = 0;
  for (size_t at = 0; !limit || done < *limit; ++done) {
    const size_t found = text.find(from, at);
    if (found == std::string_view::npos) break;
    result += text.substr(0, found);
    result += to;
    text.remove_prefix(found + from.size());
    // An empty text is found before every character: keep that character, and look after it.
    at = 0;
    if (from.empty()) {
      if (text.empty()) return result;
      const size_t bytes = utf8_char_at(text, 0).bytes;
      result += text.substr(0, bytes);
      text.remove_prefix(bytes);
    }
  }
  return result + std::string(text);
}

size_t count_text(std::string_view text, std::string_view part) {
  if (part.empty()) return count_characters(text) + 1;
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size()))
    ++count;
  return count;
}

std::string upper(std::string_view text) { return mapped<upper_case>(text); }
std::string lower(std::string_view text) { return mapped<lower_case>(text); }

std::string capitalize(std::string_view text) {
  const size_t first = byte_of_character(text, 1);
  return upper(text.substr(0, first)) + lower(text.substr(first));
}

std::string title(std::string_view text) {
  std::string result;
  bool inside = false;
  for (size_t at = 0; at < text.size();) {
    const auto [code, bytes] = utf8_char_at(text, at);
    append_utf8(inside ? lower_case(code) : upper_case(code), result);
    inside = lower_case(code) != code || upper_case(code) != code;
    at += bytes;
  }
  return result;
}

size_t count_characters(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

size_t byte_of_character(std::string_view text, size_t index) {
  size_t at = 0;
  while (index > 0 && at < text.size()) {
    at += utf8_char_at(text, at).bytes;
    --index;
  }
  return at;
}

}  // namespace deepscaler::jinja
