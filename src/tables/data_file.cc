#include "tables/data_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "base/trim.h"
#include "formats/json_text.h"
#include "formats/jsonl.h"
#include "tables/compressed.h"
#include "tables/parquet.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// Lines, or one array: files called .json are either.
void read_json(const fs::path& path, const OnRow& on_row) {
  std::string text = read_text(path);
  if (!trim(text).starts_with('[')) {
    JsonlReader lines(std::make_unique<std::istringstream>(std::move(text)), path.string());
    for (nlohmann::ordered_json row; lines.next(row);) on_row(row, lines.where());
    return;
  }
  const nlohmann::ordered_json rows = parse_record(text, path.string());
  for (size_t i = 0; i < rows.size(); ++i) {
    on_row(rows[i], fmt::format("{}: element {}", path.string(), i + 1));
  }
}

void read_csv(const fs::path& path, const OnRow& on_row) {
  for_each_csv_row(read_text(path), path.string(), on_row);
}

struct Form {
  std::string_view extension;
  void (*read)(const fs::path&, const OnRow&);
};
constexpr Form kForms[] = {{".json", read_json}, {".jsonl", read_json}, {".ndjson", read_json},
                           {".csv", read_csv},   {".tsv", read_csv},    {".parquet", for_each_parquet_row}};

const Form* form_of(const fs::path& path) {
  const std::string extension = uncompressed_name(path).extension().string();
  const auto* found = std::ranges::find(kForms, extension, &Form::extension);
  return found == std::end(kForms) ? nullptr : found;
}

}  // namespace

void for_each_row(const fs::path& path, const OnRow& on_row) {
  const Form* form = form_of(path);
  if (form == nullptr) {
    throw Error(path.string(), "is no kind of data file that can be read",
                "give Parquet, or JSON, JSON Lines or CSV, plain or as .gz or .zst");
  }
  form->read(path, on_row);
}

std::vector<fs::path> data_files(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) throw Error(path.string(), "does not exist", "check the path");
  if (!fs::is_directory(path, ignored)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file() && form_of(entry.path()) != nullptr) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  if (files.empty()) {
    throw Error(path.string(), "has no data files in it",
                "give a folder with JSON, JSON Lines, CSV or Parquet files");
  }
  return files;
}

}  // namespace deepscaler
