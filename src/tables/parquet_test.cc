#include "tables/parquet.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "formats/mutation.h"

// The fixtures were written by pyarrow from the rows in rows.json; pages.parquet has 5,000 rows in many
// pages.

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

const fs::path kFixtures = fs::path(DEEPSCALER_GOLDENS) / "parquet";

Json rows_of(const fs::path& path) {
  Json rows = Json::array();
  for_each_parquet_row(path, [&](const Json& row, const std::string&) { rows.push_back(row); });
  return rows;
}

// Without the sync of write_file_atomically(), which would take most of the time.
void write_quickly(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::vector<fs::path> fixtures() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kFixtures)) {
    if (entry.path().extension() == ".parquet") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

TEST(Parquet, EveryCodecPageVersionAndEncoding) {
  const Json expected = Json::parse(read_file(kFixtures / "rows.json"));
  EXPECT_EQ(fixtures().size(), 15u);
  for (const fs::path& file : fixtures()) {
    const Json rows = rows_of(file);
    if (file.stem() == "pages") {
      ASSERT_EQ(rows.size(), 5000u);
      for (size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(rows[i]["id"], i);
        EXPECT_TRUE(rows[i]["text"].get<std::string>().starts_with("line " + std::to_string(i) + " "))
            << rows[i];
      }
      continue;
    }
    ASSERT_EQ(rows.size(), expected.size()) << file;
    for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i], expected[i]) << file << " " << i;
  }
}

TEST(Parquet, PlacesAndRefusals) {
  std::string first;
  for_each_parquet_row(kFixtures / "none_v1.parquet", [&](const Json&, const std::string& where) {
    if (first.empty()) first = where;
  });
  EXPECT_EQ(first, (kFixtures / "none_v1.parquet").string() + ": row 1");
  const TemporaryFolder folder;
  for (const std::string text : {"", "PAR1PAR1", "PAR1\xff\xff\xff\xffPAR1", "no Parquet file at all"}) {
    write_file_atomically(folder / "x.parquet", text);
    try {
      (void)rows_of(folder / "x.parquet");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      const std::string message = error.what();
      EXPECT_NE(message.find("x.parquet"), std::string::npos) << message;
    }
  }
}

TEST(Parquet, AThousandDamagedFilesAreReadOrRefused) {
  const TemporaryFolder folder;
  std::vector<std::string> good;
  for (const fs::path& file : fixtures()) {
    if (file.stem() != "pages") good.push_back(read_file(file));
  }
  int refused = 0;
  for (uint64_t i = 0; i < 1000; ++i) {
    write_quickly(folder / "x.parquet", mutated(good[i % good.size()], i));
    try {
      (void)rows_of(folder / "x.parquet");
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 500);
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  constexpr int64_t kMostKib = 1 << 20;
  EXPECT_LT(usage.ru_maxrss, kMostKib);
}

}  // namespace
}  // namespace deepscaler
