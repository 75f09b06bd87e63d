#include "tables/parquet_writer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "tables/parquet.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;
using Rows = std::vector<Json>;

Rows rows_of(const std::filesystem::path& path) {
  Rows rows;
  for_each_parquet_row(path, [&](const Json& row, const std::string&) { rows.push_back(row); });
  return rows;
}

std::string file_of(const Rows& rows) {
  const ParquetTable table{"x.parquet", rows};
  return parquet_files({&table, 1})[0];
}

Rows read_back(const Rows& rows) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "x.parquet", file_of(rows));
  return rows_of(folder / "x.parquet");
}

std::string refusal(const Rows& rows) {
  try {
    (void)file_of(rows);
  } catch (const Error& error) {
    return error.what();
  }
  return "written";
}

TEST(ParquetWriter, RowsOfTheFixturesComeBack) {
  const Json fixture =
      Json::parse(read_file(std::filesystem::path(DEEPSCALER_GOLDENS) / "parquet/rows.json"));
  const Rows rows(fixture.begin(), fixture.end());
  EXPECT_EQ(read_back(rows), rows);
}

TEST(ParquetWriter, NullsAndNestsComeBack) {
  const Rows rows = {
      Json::parse(R"({"a": null, "l": [], "o": {"x": 1, "y": null}, "n": [[1, null], [], null], "b": true})"),
      Json::parse(R"({"a": null, "l": [null, "q"], "o": null, "n": null, "b": null})"),
      Json::parse(R"({"a": null, "l": null, "o": {"x": null, "y": [{"z": 1.5}]}, "n": [[]], "b": false})")};
  EXPECT_EQ(read_back(rows), rows);
  // A key that a row lacks is null there; integers are numbers where some row has a number; a list that is
  // always empty is one of texts.
  const Rows loose = {Json::parse(R"({"a": 1, "e": []})"), Json::parse(R"({"b": "x", "a": 2.5})"),
                      Json::parse(R"({"a": 18446744073709551615})")};
  const Rows settled = {Json::parse(R"({"a": 1.0, "e": [], "b": null})"),
                        Json::parse(R"({"a": 2.5, "e": null, "b": "x"})"),
                        Json::parse(R"({"a": 18446744073709551616.0, "e": null, "b": null})")};
  EXPECT_EQ(read_back(loose), settled);
}

TEST(ParquetWriter, ManyRowsInManyGroups) {
  Rows rows;
  for (int i = 0; i < 2501; ++i) {
    rows.push_back(
        {{"i", i - 1000}, {"even", i % 2 == 0}, {"text", std::string(static_cast<size_t>(i % 300), 'x')}});
    rows.back()["list"] = std::vector<int>(static_cast<size_t>(i % 4), i);
  }
  EXPECT_EQ(read_back(rows), rows);
}

TEST(ParquetWriter, RefusesWhatHasNoType) {
  EXPECT_EQ(refusal({{{"a", "x"}}, {{"a", 1}}}),
            "x.parquet: column 'a': is a text in one row and an integer in another; leave it out (`keep` of "
            "ingest), or write JSON Lines");
  EXPECT_EQ(refusal({{{"a", {{"b", Json::object()}}}}}),
            "x.parquet: column 'a.b': is an object without keys, which Parquet can't hold; leave it out");
  Json deep = "x";
  for (int i = 0; i < 16; ++i) deep = Json::array({deep});
  EXPECT_EQ(refusal({{{"a", deep}}}), "x.parquet: column 'a': is nested too deeply; leave it out");
}

TEST(ParquetWriter, TablesOfOneDataSetHaveOneSchema) {
  const ParquetTable both[] = {{"train", {{{"a", nullptr}}}}, {"test", {{{"a", 1}}}}};
  const std::vector<std::string> files = parquet_files(both);
  const auto schema = [](const std::string& file) { return file.substr(file.rfind("schema"), 20); };
  EXPECT_EQ(schema(files[0]), schema(files[1]));
  EXPECT_NE(schema(file_of(both[0].rows)), schema(files[0]));  // alone: a text
  const ParquetTable mixed[] = {{"train", {{{"a", "x"}}}}, {"test", {{{"a", 1}}}}};
  try {
    (void)parquet_files(mixed);
    ADD_FAILURE() << "written";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              "test: column 'a': is a text in one row and an integer in another; leave it out (`keep` of "
              "ingest), or write JSON Lines");
  }
}

}  // namespace
}  // namespace deepscaler
