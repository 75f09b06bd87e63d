// Parquet files (parquet.apache.org), written: rows as objects, with lists and structs inside.
//
// Every column is optional. Its type follows from the values: texts, integers, numbers (also where some are
// integers), booleans, lists in three levels, and structs. A key that a row lacks is null there. Pages are of
// version 1, plain, packed with Snappy, one for each column of a row group: what every reader knows.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

namespace deepscaler {

// The file's bytes, the same for the same rows. `where` names the file in errors. Throws Error naming the
// column for values of different types, and for an object without keys, which Parquet can't hold.
[[nodiscard]] std::string parquet_file(std::span<const nlohmann::ordered_json> rows,
                                       const std::string& where);

}  // namespace deepscaler
