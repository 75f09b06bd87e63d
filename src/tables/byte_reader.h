// Bytes from a file that may be damaged: every read is checked.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/error.h"

namespace deepscaler {

// A view; `where` names the file and the place in it, and must outlive the reader.
class ByteReader {
 public:
  ByteReader(std::string_view bytes, const std::string& where) : rest_(bytes), where_(where) {}

  [[noreturn]] void fail(std::string_view what) const { throw Error(where_, what, "get the file again"); }
  void require(bool holds, std::string_view what) const {
    if (!holds) fail(what);
  }

  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] const std::string& where() const { return where_; }

  std::string_view take(uint64_t bytes) {
    require(bytes <= rest_.size(), "ends too early");
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }
  template <class Number>
  Number number() {  // little-endian, as this machine is
    Number value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  uint64_t varint() {  // LEB128
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = number<uint8_t>();
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    fail("has a number of more than 64 bits");
  }
  int64_t zigzag() {
    const uint64_t value = varint();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }

 private:
  std::string_view rest_;
  const std::string& where_;
};

}  // namespace deepscaler
