// The encodings of values in Parquet's pages (Encodings.md of the Parquet format).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "tables/byte_reader.h"

namespace deepscaler {

enum class ParquetType : uint8_t { kBoolean, kInt32, kInt64, kInt96, kFloat, kDouble, kBytes, kFixedBytes };

struct ParquetLeaf {
  ParquetType type = ParquetType::kBytes;
  int64_t bytes = 0;  // of kFixedBytes
  bool is_unsigned = false;
};

using ParquetValues = std::vector<nlohmann::ordered_json>;

// `count` numbers of `width` bits each: runs and bit-packed groups in turns ("RLE").
[[nodiscard]] std::vector<uint32_t> read_runs(ByteReader& bytes, int width, size_t count);

// `count` values in an encoding of parquet.thrift; `dictionary` is the column's. Byte arrays are texts, with
// U+FFFD for what is not UTF-8. Throws Error for damaged pages and unknown encodings.
[[nodiscard]] ParquetValues read_parquet_values(ByteReader& bytes, int64_t encoding, const ParquetLeaf& leaf,
                                                size_t count, const ParquetValues& dictionary);

}  // namespace deepscaler
