// A struct in Thrift's compact protocol (thrift-compact-protocol.md), written field by field.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace deepscaler {

// Fields come in ascending order of their numbers. The struct ends with bytes().
class ThriftWriter {
 public:
  void i32(int field, int64_t value);
  void i64(int field, int64_t value);
  void text(int field, std::string_view value);
  void inner(int field, const ThriftWriter& value);  // a struct

  // The front of a list of `size`; its elements follow.
  void list_of_i32(int field, size_t size);
  void list_of_texts(int field, size_t size);
  void list_of_structs(int field, size_t size);
  void element(int64_t value);
  void element(std::string_view value);
  void element(const ThriftWriter& value);

  [[nodiscard]] std::string bytes() const { return bytes_ + '\0'; }

 private:
  void head(int field, uint8_t type);
  void list(int field, uint8_t type, size_t size);
  void varint(uint64_t value);
  void zigzag(int64_t value);

  std::string bytes_;
  int last_ = 0;  // the field written last
};

}  // namespace deepscaler
