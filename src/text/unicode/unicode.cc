#include "text/unicode/unicode.h"

#include <utf8proc.h>

#include <cstring>

#include "text/unicode/character_facts.h"

namespace deepscaler {
namespace {

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

// How a character that begins with `lead` goes on: its length and the range of its second byte,
// which excludes overlong forms, surrogates and codes past U+10FFFF. Length 0: no character does.
struct LeadByte {
  size_t bytes;
  unsigned char second_low;
  unsigned char second_high;
};

LeadByte lead_byte(unsigned char lead) {
  if (lead < 0x80) return {1, 0, 0};
  if (lead < 0xc2) return {0, 0, 0};
  if (lead < 0xe0) return {2, 0x80, 0xbf};
  if (lead == 0xe0) return {3, 0xa0, 0xbf};
  if (lead == 0xed) return {3, 0x80, 0x9f};
  if (lead < 0xf0) return {3, 0x80, 0xbf};
  if (lead == 0xf0) return {4, 0x90, 0xbf};
  if (lead < 0xf4) return {4, 0x80, 0xbf};
  if (lead == 0xf4) return {4, 0x80, 0x8f};
  return {0, 0, 0};
}

// How much of the character that starts at `at` is there and right; `whole` tells whether all is.
struct Piece {
  size_t bytes;
  bool whole;
};

Piece piece_at(std::string_view text, size_t at) {
  const LeadByte lead = lead_byte(static_cast<unsigned char>(text[at]));
  if (lead.bytes == 0) return {1, false};
  for (size_t i = 1; i < lead.bytes; ++i) {
    if (at + i == text.size()) return {i, false};
    const auto byte = static_cast<unsigned char>(text[at + i]);
    const bool right =
        i == 1 ? byte >= lead.second_low && byte <= lead.second_high : is_continuation(text[at + i]);
    if (!right) return {i, false};
  }
  return {lead.bytes, true};
}

}  // namespace

Utf8Char utf8_char_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const auto rest = [&](size_t i) { return static_cast<char32_t>(byte(i) & 0x3f); };
  if (byte(0) < 0x80) return {byte(0), 1};
  if (byte(0) < 0xe0) return {static_cast<char32_t>(byte(0) & 0x1f) << 6 | rest(1), 2};
  if (byte(0) < 0xf0) return {static_cast<char32_t>(byte(0) & 0x0f) << 12 | rest(1) << 6 | rest(2), 3};
  return {static_cast<char32_t>(byte(0) & 0x07) << 18 | rest(1) << 12 | rest(2) << 6 | rest(3), 4};
}

Utf8Char utf8_char_before(std::string_view text, size_t end) {
  size_t begin = end - 1;
  while (is_continuation(text[begin])) --begin;
  return utf8_char_at(text, begin);
}

void append_utf8(char32_t code, std::string& text) {
  utf8proc_uint8_t bytes[4];
  const auto count = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code), bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(count));
}

size_t valid_utf8_prefix(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    uint64_t eight;
    if (at + sizeof eight <= text.size()) {
      std::memcpy(&eight, &text[at], sizeof eight);
      if ((eight & 0x8080808080808080) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    const Piece piece = piece_at(text, at);
    if (!piece.whole) break;
    at += piece.bytes;
  }
  return at;
}

size_t unfinished_utf8_suffix(std::string_view text) {
  for (size_t length = 1; length <= 3 && length <= text.size(); ++length) {
    const size_t at = text.size() - length;
    if (is_continuation(text[at])) continue;
    const Piece piece = piece_at(text, at);
    const bool begins = lead_byte(static_cast<unsigned char>(text[at])).bytes > length;
    return begins && !piece.whole && piece.bytes == length ? length : 0;
  }
  return 0;
}

std::string repaired_utf8(std::string_view text) {
  std::string repaired;
  while (!text.empty()) {
    const size_t valid = valid_utf8_prefix(text);
    repaired += text.substr(0, valid);
    text.remove_prefix(valid);
    if (text.empty()) break;
    repaired += "\xef\xbf\xbd";
    text.remove_prefix(piece_at(text, 0).bytes);
  }
  return repaired;
}

bool is_white_space(char32_t code) {
  return (code >= 0x09 && code <= 0x0d) || code == 0x20 || code == 0x85 || code == 0xa0 || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 || code == 0x202f ||
         code == 0x205f || code == 0x3000;
}

bool is_numeric(char32_t code) {
  if (code < 0x80) return code >= '0' && code <= '9';
  const Category kind = category_of(code);
  return kind == Category::kNd || kind == Category::kNl || kind == Category::kNo;
}

bool is_word(char32_t code) {
  switch (category_of(code)) {
    case Category::kLu:
    case Category::kLl:
    case Category::kLt:
    case Category::kLm:
    case Category::kLo:
    case Category::kMn:
    case Category::kMc:
    case Category::kMe:
    case Category::kNd:
    case Category::kNl:
    case Category::kPc:
      return true;
    default:
      return false;
  }
}

bool is_printable(char32_t code) {
  switch (category_of(code)) {
    case Category::kCn:
    case Category::kCc:
    case Category::kCf:
    case Category::kCs:
    case Category::kCo:
    case Category::kZl:
    case Category::kZp:
      return false;
    case Category::kZs:
      return code == ' ';
    default:
      return true;
  }
}

char32_t upper_case(char32_t code) {
  return static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(code)));
}
char32_t lower_case(char32_t code) {
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code)));
}

}  // namespace deepscaler
