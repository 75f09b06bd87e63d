// The rows of a data file, whatever its form: JSON Lines (.jsonl, .ndjson), a JSON array (.json), CSV (.csv,
// .tsv), any of these as .gz or .zst, and Parquet (.parquet).
#pragma once

#include <filesystem>
#include <vector>

#include "tables/csv.h"

namespace deepscaler {

// Rows in file order. Throws Error with the file and the place in it for what can't be read, and for a file
// whose extension says nothing.
void for_each_row(const std::filesystem::path& path, const OnRow& on_row);

// The file itself, or the data files anywhere below a folder in the order of their paths. Throws Error where
// there is nothing.
[[nodiscard]] std::vector<std::filesystem::path> data_files(const std::filesystem::path& path);

}  // namespace deepscaler
