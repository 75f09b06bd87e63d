#include "chat/terminal_text.h"

#include <utf8proc.h>

#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

constexpr int64_t kTabStop = 8;

bool is_control(char32_t code) {
  if (code == '\n' || code == '\t') return false;
  const bool is_c0_or_c1 = code < 0x20 || (code >= 0x7F && code < 0xA0);
  // Embeddings, overrides and isolates of direction, and the separators of lines and paragraphs.
  return is_c0_or_c1 || (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::string without_controls(std::string_view text) {
  const std::string valid = repaired_utf8(text);
  std::string kept;
  for (size_t at = 0; at < valid.size();) {
    const Utf8Char character = utf8_char_at(valid, at);
    if (!is_control(character.code)) kept.append(valid, at, character.bytes);
    at += character.bytes;
  }
  return kept;
}

std::string TerminalText::push(std::string_view text) {
  const std::string clean = without_controls(text);
  std::string out;
  for (size_t at = 0; at < clean.size();) {
    const Utf8Char character = utf8_char_at(clean, at);
    const std::string_view bytes = std::string_view(clean).substr(at, character.bytes);
    at += character.bytes;
    if (character.code == '\n') {
      put_word(out);
      break_line(out);
    } else if (character.code == ' ' || character.code == '\t') {
      put_word(out);
      spaces_ += character.code == ' ' ? 1 : kTabStop - (column_ + spaces_) % kTabStop;
    } else {
      const int64_t columns = utf8proc_charwidth(static_cast<utf8proc_int32_t>(character.code));
      // A line may break before and behind a wide character, and in a word that has no line of its own.
      if (columns == 2 || (columns_ > 0 && word_columns_ + columns > columns_)) put_word(out);
      word_ += bytes;
      word_columns_ += columns;
      if (columns == 2) put_word(out);
    }
  }
  return out;
}

std::string TerminalText::finish() {
  std::string out;
  put_word(out);
  spaces_ = 0;
  return out;
}

void TerminalText::put_word(std::string& out) {
  if (word_.empty()) return;
  if (columns_ > 0 && column_ > 0 && column_ + spaces_ + word_columns_ > columns_) break_line(out);
  out.append(static_cast<size_t>(spaces_), ' ');
  out += word_;
  column_ += spaces_ + word_columns_;
  spaces_ = word_columns_ = 0;
  word_.clear();
}

void TerminalText::break_line(std::string& out) {
  out += '\n';
  column_ = spaces_ = 0;
}

}  // namespace deepscaler
