// Parquet files (parquet.apache.org), written: rows as objects, with lists and structs inside.
//
// Every column is optional. Its type follows from the values: texts, integers, numbers (also where some are
// integers), booleans, lists in three levels, and structs. A key that a row lacks is null there. Pages are of
// version 1, plain, packed with Snappy, one for each column of a row group: what every reader knows.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

namespace deepscaler {

struct ParquetTable {
  std::string where;  // names the file in errors
  std::vector<nlohmann::ordered_json> rows;
};

// The bytes of each table's file, the same for the same rows. All have the columns, and the types, that the
// rows of all together give. Throws Error naming file and column for values of different types, and for an
// object without keys, which Parquet can't hold.
[[nodiscard]] std::vector<std::string> parquet_files(std::span<const ParquetTable> tables);

}  // namespace deepscaler
