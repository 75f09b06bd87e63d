#include "text/tokenizer/byte_symbols.h"

#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

bool stands_for_itself(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
}

constexpr char32_t kFirstShifted = 0x100;
constexpr size_t kShifted = 68;

// Symbol -> byte, or -1.
const std::array<int, kFirstShifted + kShifted>& symbol_bytes() {
  static const auto table = [] {
    std::array<int, kFirstShifted + kShifted> bytes;
    bytes.fill(-1);
    for (int byte = 0; byte < 256; ++byte) bytes[byte_symbols()[byte]] = byte;
    return bytes;
  }();
  return table;
}

}  // namespace

const std::array<char32_t, 256>& byte_symbols() {
  static const auto table = [] {
    std::array<char32_t, 256> symbols;
    char32_t next = kFirstShifted;
    for (int byte = 0; byte < 256; ++byte) {
      symbols[byte] = stands_for_itself(byte) ? static_cast<char32_t>(byte) : next++;
    }
    return symbols;
  }();
  return table;
}

std::optional<std::string> bytes_of_symbols(std::string_view token) {
  std::string bytes;
  for (size_t at = 0; at < token.size();) {
    const auto [code, length] = utf8_char_at(token, at);
    const int byte = code < symbol_bytes().size() ? symbol_bytes()[code] : -1;
    if (byte < 0) return std::nullopt;
    bytes += static_cast<char>(byte);
    at += length;
  }
  return bytes;
}

}  // namespace deepscaler
