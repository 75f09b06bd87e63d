#include "tables/thrift.h"

namespace deepscaler {
namespace {

constexpr int kDeepest = 16;
enum Type : uint8_t {
  kTrue = 1,
  kFalse,
  kByte,
  kInt16,
  kInt32,
  kInt64,
  kDouble,
  kBinary,
  kList,
  kSet,
  kMap,
  kStruct
};

ThriftValue read_struct(ByteReader& bytes, int depth);

ThriftValue read_list(ByteReader& bytes, int depth);

ThriftValue read_value(ByteReader& bytes, uint8_t type, int depth) {
  bytes.require(depth < kDeepest, "is nested too deeply");
  ThriftValue value;
  switch (type) {
    case kTrue:
    case kFalse:
      value.number = type == kTrue ? 1 : 0;
      return value;
    case kByte:
      value.number = bytes.number<int8_t>();
      return value;
    case kInt16:
    case kInt32:
    case kInt64:
      value.number = bytes.zigzag();
      return value;
    case kDouble:
      (void)bytes.take(sizeof(double));
      return value;
    case kBinary:
      value.text = bytes.take(bytes.varint());
      return value;
    case kList:
    case kSet:
      return read_list(bytes, depth + 1);
    case kStruct:
      return read_struct(bytes, depth + 1);
    default:
      bytes.fail("has a header that is no Thrift");
  }
}

ThriftValue read_list(ByteReader& bytes, int depth) {
  const auto head = bytes.number<uint8_t>();
  uint64_t size = head >> 4;
  constexpr uint64_t kLong = 15;
  if (size == kLong) size = bytes.varint();
  const uint8_t type = head & 0xf;
  bytes.require(size <= bytes.rest().size(), "ends too early");  // an element takes a byte at least
  ThriftValue value;
  for (uint64_t i = 0; i < size; ++i) {
    const bool is_boolean = type == kTrue || type == kFalse;
    value.list.push_back(is_boolean ? ThriftValue{.number = bytes.number<uint8_t>() == kTrue ? 1 : 0}
                                    : read_value(bytes, type, depth));
  }
  return value;
}

ThriftValue read_struct(ByteReader& bytes, int depth) {
  ThriftValue value;
  int64_t field = 0;
  while (true) {
    const auto head = bytes.number<uint8_t>();
    if (head == 0) return value;
    field = head >> 4 == 0 ? bytes.zigzag() : field + (head >> 4);
    bytes.require(field > 0 && field < 1 << 15, "has a header that is no Thrift");
    value.fields[static_cast<int>(field)] = read_value(bytes, head & 0xf, depth);
  }
}

}  // namespace

const ThriftValue& ThriftValue::operator[](int field) const {
  static const ThriftValue none;
  const auto found = fields.find(field);
  return found == fields.end() ? none : found->second;
}

ThriftValue read_thrift_struct(ByteReader& bytes) { return read_struct(bytes, 0); }

}  // namespace deepscaler
