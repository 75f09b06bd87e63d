#include "data/records.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "formats/json_text.h"
#include "formats/jsonl.h"

namespace deepscaler {
namespace {

// What a data pipeline reads, and nothing else here does.
void refuse_other_tables(const std::filesystem::path& path) {
  for (const char* ending : {".csv", ".tsv", ".parquet", ".gz", ".zst"}) {
    if (path.extension() != ending || !std::filesystem::exists(path)) continue;
    throw Error(path.string(), fmt::format("is a {} file, and data here are JSON or JSON Lines", ending),
                "make a data set of it with `deepscaler data`");
  }
}

bool holds_array(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  char first = 0;
  return file >> first && first == '[';  // past white space
}

}  // namespace

void for_each_record(const std::filesystem::path& path, const OnRecord& on_record) {
  refuse_other_tables(path);
  if (holds_array(path)) {
    const nlohmann::ordered_json elements = read_record_file(path);
    for (size_t i = 0; i < elements.size(); ++i) {
      on_record(elements[i], fmt::format("{}: element {}", path.string(), i + 1));
    }
    return;
  }
  JsonlReader lines(path);
  for (nlohmann::ordered_json json; lines.next(json);) on_record(json, lines.where());
}

}  // namespace deepscaler
