#include "tables/thrift_writer.h"

#include "base/error.h"

namespace deepscaler {
namespace {

enum Type : uint8_t { kInt32 = 5, kInt64 = 6, kBinary = 8, kList = 9, kStruct = 12 };

}  // namespace

void ThriftWriter::i32(int field, int64_t value) {
  head(field, kInt32);
  zigzag(value);
}

void ThriftWriter::i64(int field, int64_t value) {
  head(field, kInt64);
  zigzag(value);
}

void ThriftWriter::text(int field, std::string_view value) {
  head(field, kBinary);
  element(value);
}

void ThriftWriter::inner(int field, const ThriftWriter& value) {
  head(field, kStruct);
  element(value);
}

void ThriftWriter::list_of_i32(int field, size_t size) { list(field, kInt32, size); }
void ThriftWriter::list_of_texts(int field, size_t size) { list(field, kBinary, size); }
void ThriftWriter::list_of_structs(int field, size_t size) { list(field, kStruct, size); }

void ThriftWriter::element(int64_t value) { zigzag(value); }
void ThriftWriter::element(std::string_view value) {
  varint(value.size());
  bytes_ += value;
}
void ThriftWriter::element(const ThriftWriter& value) { bytes_ += value.bytes(); }

void ThriftWriter::head(int field, uint8_t type) {
  constexpr int kMostStep = 15;
  DEEPSCALER_CHECK(field > last_ && field - last_ <= kMostStep, "fields come in ascending order");
  bytes_ += static_cast<char>((field - last_) << 4 | type);
  last_ = field;
}

void ThriftWriter::list(int field, uint8_t type, size_t size) {
  head(field, kList);
  constexpr size_t kLong = 15;
  if (size < kLong) {
    bytes_ += static_cast<char>(size << 4 | type);
  } else {
    bytes_ += static_cast<char>(kLong << 4 | type);
    varint(size);
  }
}

void ThriftWriter::varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
  bytes_ += static_cast<char>(value);
}

void ThriftWriter::zigzag(int64_t value) {
  varint(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}

}  // namespace deepscaler
