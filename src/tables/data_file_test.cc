#include "tables/data_file.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "formats/mutation.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

std::string gzipped(const std::string& text) {
  z_stream stream = {};
  constexpr int kGzip = 16 + MAX_WBITS;
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

std::string zstd_packed(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

class DataFileTest : public testing::Test {
 protected:
  std::string rows(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary)
        << bytes;  // without a sync, of which there would be hundreds
    std::string text;
    const auto prefix = folder_.path().string().size() + 1;
    for_each_row(folder_ / name, [&](const nlohmann::ordered_json& row, const std::string& where) {
      text += where.substr(prefix) + " " + row.dump() + "\n";
    });
    return text;
  }
  std::string refusal(const std::string& name, const std::string& bytes) {
    try {
      return "accepted: " + rows(name, bytes);
    } catch (const Error& error) {
      return std::string(error.what()).substr(folder_.path().string().size() + 1);
    }
  }

  const TemporaryFolder folder_;
};

TEST_F(DataFileTest, EveryFormGivesRowsWithTheirPlaces) {
  EXPECT_EQ(rows("a.jsonl", "{\"b\": 1, \"a\": 2}\n\n{\"b\": 3}\n"),
            "a.jsonl:1 {\"b\":1,\"a\":2}\na.jsonl:3 {\"b\":3}\n");
  EXPECT_EQ(rows("a.json", " [{\"b\": 1}, {\"b\": 2}]"),
            "a.json: element 1 {\"b\":1}\na.json: element 2 {\"b\":2}\n");
  EXPECT_EQ(rows("a.csv", "\xef\xbb\xbfproblem,answer\r\n\"1,\r\n\"\"2\"\"\",3\r\n\nx,\n"),
            "a.csv:2 {\"problem\":\"1,\\r\\n\\\"2\\\"\",\"answer\":\"3\"}\na.csv:5 "
            "{\"problem\":\"x\",\"answer\":\"\"}\n");
  EXPECT_EQ(rows("a.tsv", "a\tb\n1\t2,3"), "a.tsv:2 {\"a\":\"1\",\"b\":\"2,3\"}\n");
  EXPECT_EQ(rows("semicolons.csv", "a;b\n1;2"), "semicolons.csv:2 {\"a\":\"1\",\"b\":\"2\"}\n");
  EXPECT_EQ(rows("empty.csv", ""), "");
}

TEST_F(DataFileTest, CompressedFilesAreTheirTexts) {
  const std::string first = "{\"n\": 1}\n", second = "{\"n\": 2}\n";
  const std::string both = "l.jsonl:1 {\"n\":1}\nl.jsonl:2 {\"n\":2}\n";
  const auto named = [&](std::string text, const std::string& extension) {
    for (size_t at; (at = text.find(extension)) != std::string::npos;) text.erase(at, extension.size());
    return text;
  };
  // Two members, or frames, one after the other are one text.
  EXPECT_EQ(named(rows("l.jsonl.gz", gzipped(first) + gzipped(second)), ".gz"), both);
  EXPECT_EQ(named(rows("l.jsonl.zst", zstd_packed(first) + zstd_packed(second)), ".zst"), both);
}

TEST_F(DataFileTest, RefusesWithFileAndPlace) {
  EXPECT_EQ(refusal("a.csv", "a,b\n1,2\n3\n"),
            "a.csv:3: has 1 fields where the first line names 2; put fields that hold separators or line "
            "breaks into "
            "double quotes");
  EXPECT_EQ(
      refusal("a.csv", "a,b\n1,\"2\n3\n"),
      "a.csv:2: opens a quote that is never closed; close it, or double the quotes that belong to a field");
  EXPECT_EQ(refusal("a.csv", "a,b\n1,\"2\"3\n"),
            "a.csv:2: has text after a closing quote; double the quotes that belong to a field");
  EXPECT_EQ(refusal("a.csv", "a,a\n"), "a.csv:1: names the column 'a' twice; rename one of them");
  EXPECT_EQ(refusal("a.csv", "a,\n"),
            "a.csv:1: has no name for column 2; name every column in the first line");
  EXPECT_EQ(refusal("a.csv",
                    "a\nGr\xf6\xdf"
                    "e\n"),
            "a.csv: byte 4: is not UTF-8; save the file as UTF-8");
  EXPECT_EQ(refusal("a.xlsx", ""),
            "a.xlsx: is no kind of data file that can be read; give Parquet, or JSON, JSON Lines or CSV, "
            "plain or as .gz "
            "or .zst");
  std::string packed = gzipped(std::string(1000, 'x'));
  packed.resize(packed.size() - 9);
  EXPECT_EQ(refusal("a.jsonl.gz", packed), "a.jsonl.gz: is cut short, or no gzip data; get the file again");
  EXPECT_EQ(refusal("a.jsonl.gz", ""), "a.jsonl.gz: is cut short, or no gzip data; get the file again");
  packed = zstd_packed("{\"a\": 1}");
  packed.resize(packed.size() - 1);
  EXPECT_EQ(refusal("a.jsonl.zst", packed), "a.jsonl.zst: is cut short, or no zstd data; get the file again");
  EXPECT_EQ(refusal("a.jsonl.zst", "text"), "a.jsonl.zst: is cut short, or no zstd data; get the file again");
}

TEST_F(DataFileTest, DamagedFilesAreReadOrRefused) {
  const std::string csv = "problem,answer\n\"a, \"\"b\"\"\nc\",1\nd,2\n";
  const std::string lines = "{\"problem\": \"a\", \"answer\": 1}\n{\"problem\": \"b\", \"answer\": 2}\n";
  for (uint64_t i = 0; i < 200; ++i) {
    (void)refusal("a.csv", mutated(csv, i));
    (void)refusal("a.jsonl.gz", mutated(gzipped(lines), i));
    (void)refusal("a.jsonl.zst", mutated(zstd_packed(lines), i));
  }
}

TEST_F(DataFileTest, FoldersAreTheirDataFilesInOrder) {
  fs::create_directories(folder_ / "set/train");
  for (const char* name : {"set/b.csv", "set/train/a.jsonl.gz", "set/a.json", "set/notes.md"}) {
    write_file_atomically(folder_ / name, "");
  }
  EXPECT_EQ(data_files(folder_ / "set"), (std::vector<fs::path>{folder_ / "set/a.json", folder_ / "set/b.csv",
                                                                folder_ / "set/train/a.jsonl.gz"}));
  EXPECT_THROW((void)data_files(folder_ / "set/none"), Error);
}

}  // namespace
}  // namespace deepscaler
