// Parquet files (parquet.apache.org), read: every row as an object, with lists and structs inside.
//
// A reader of our own, since Debian has no Arrow, and a data set's rows need few of its parts: pages of both
// versions, all encodings of values that are written today, and the codecs of Debian's libraries. Not read,
// and refused: encrypted files, decimals, INT96, LZO and the old framing of LZ4. Dates and times come as
// their numbers.
#pragma once

#include <filesystem>

#include "tables/csv.h"

namespace deepscaler {

// `where` of a row is "train.parquet: row 3". A row group is in memory at a time. Throws Error naming the
// file, and the column where there is one, for what can't be read. A page has at most 256 MiB and 4 million
// values.
void for_each_parquet_row(const std::filesystem::path& path, const OnRow& on_row);

}  // namespace deepscaler
