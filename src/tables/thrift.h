// Thrift's compact protocol (thrift-compact-protocol.md), as Parquet's footers and page headers have it: a
// struct as a tree of values by their field numbers. Memory is at most a fixed multiple of the bytes.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "tables/byte_reader.h"

namespace deepscaler {

struct ThriftValue {
  int64_t number = 0;     // of integers and booleans
  std::string_view text;  // of binary values; a view of the bytes read
  std::vector<ThriftValue> list;
  std::map<int, ThriftValue> fields;

  // A field, or an empty value where it is not there.
  [[nodiscard]] const ThriftValue& operator[](int field) const;
  [[nodiscard]] bool has(int field) const { return fields.contains(field); }
};

// The struct at the front of `bytes`, which move behind it. Throws Error for what is none.
[[nodiscard]] ThriftValue read_thrift_struct(ByteReader& bytes);

}  // namespace deepscaler
