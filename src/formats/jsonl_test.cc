#include "formats/jsonl.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "formats/gguf.h"
#include "formats/json_text.h"
#include "formats/mutation.h"
#include "formats/safetensors.h"

namespace deepscaler {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

JsonlReader reader_of(const std::string& text) { return {std::make_unique<std::istringstream>(text), "f"}; }

std::vector<json> all_of(const std::string& text) {
  JsonlReader reader = reader_of(text);
  std::vector<json> values;
  for (json value; reader.next(value);) values.push_back(value);
  return values;
}

std::string error_of(const std::string& text) {
  try {
    (void)all_of(text);
    return "no error";
  } catch (const Error& error) {
    return error.what();
  }
}

class JsonlFile : public testing::Test {
 protected:
  const TemporaryFolder folder_;
  const fs::path path_ = folder_ / "lines.jsonl";
};

TEST(Jsonl, ReadsLinesWithAndWithoutABreakAtTheEnd) {
  EXPECT_EQ(all_of("{\"a\":1}\n\n  \r\n[2]\r\n3"), (std::vector<json>{{{"a", 1}}, json::array({2}), 3}));
  EXPECT_TRUE(all_of("").empty());
  EXPECT_TRUE(all_of("\n\n").empty());
}

TEST(Jsonl, LinesOfAnyLengthComeBackWhole) {
  for (const size_t length : {16370, 16379, 16380, 16381, 16382, 16383, 16384, 100000}) {
    const std::string text(length, 'x');
    EXPECT_EQ(all_of(json(text).dump() + "\n1"), (std::vector<json>{text, 1})) << length;
    EXPECT_EQ(all_of(json(text).dump()), (std::vector<json>{text})) << length;
  }
}

TEST(Jsonl, ErrorsNameFileAndLine) {
  EXPECT_EQ(error_of("1\n\n{\"a\":"), "f:3: not valid JSON at byte 6; check that the file is complete");
  EXPECT_EQ(error_of("1\n{\"a\":1,\"a\":2}\n"),
            "f:2: JSON key 'a' appears twice in one object; remove one of them");
  EXPECT_EQ(error_of("1\n" + std::string((64 << 20) + 1, ' ')), "f:2: line longer than 64 MiB; break it up");
  JsonlReader reader = reader_of("\n1\n");
  json value;
  ASSERT_TRUE(reader.next(value));
  EXPECT_EQ(reader.where(), "f:2");
  EXPECT_THROW(JsonlReader(fs::path("/nowhere/x.jsonl")), Error);
}

// The advice is for what the file is, not for what it should be.
TEST(Jsonl, OtherFormatsAndEncodingsAreNamed) {
  using namespace std::string_literals;
  const std::string advice = "give JSON, or JSON Lines: an object {\"key\": value} a line";
  EXPECT_EQ(error_of("id,problem,answer\n1,2,3\n"),
            "f:1: is not JSON: it begins with 'id,problem,answer'; " + advice);
  EXPECT_EQ(error_of("\"id\",\"problem\"\n"),
            "f:1: is not JSON: it begins with '\"id\",\"problem\"'; " + advice);
  EXPECT_EQ(error_of("\xff\xfe{\0\"\0a\0"s), "f:1: is UTF-16, and JSON is UTF-8; save the file as UTF-8");
  EXPECT_EQ(error_of("{\0\"\0a\0\"\0:\0"s), "f:1: is UTF-16, and JSON is UTF-8; save the file as UTF-8");
  EXPECT_EQ(error_of("{\"a\": 1} {\"a\": 2}"),
            "f:1: goes on after its JSON value, at byte 10; put each value into a line or a file of its own");
  EXPECT_EQ(error_of("{\"a\": \"caf\xe9\"}"), "f:1: is not UTF-8 at byte 12; save the file as UTF-8");
}

// What Python's json.dumps and str() write beside JSON, and what hands do.
TEST(Jsonl, OtherNotationsAreNamed) {
  const auto no_word = [](const std::string& word, int byte) {
    return fmt::format(
        "f:1: has the word {} at byte {}, which is no JSON; write null, true, false or a number, or put a "
        "text between double quotes",
        word, byte);
  };
  EXPECT_EQ(error_of(R"({"answer": NaN})"), no_word("NaN", 12));
  EXPECT_EQ(error_of(R"({"answer": nan})"), no_word("nan", 12));
  EXPECT_EQ(error_of(R"({"answer": -Infinity})"), no_word("Infinity", 13));
  EXPECT_EQ(error_of(R"({"answer": None, "id": 1})"), no_word("None", 12));
  EXPECT_EQ(error_of(R"({answer: 1})"), no_word("answer", 2));
  EXPECT_EQ(error_of(R"({'answer': 1})"),
            "f:1: has a single quote at byte 2, and JSON has double ones; write it as JSON (in Python: "
            "json.dumps)");
  EXPECT_EQ(error_of(R"({"answer": [1, 2, ]})"),
            "f:1: has a comma before the ] at byte 19; remove the comma");
  EXPECT_EQ(error_of(R"({"answer": 1,})"), "f:1: has a comma before the } at byte 14; remove the comma");
  EXPECT_EQ(error_of("{\n  \"answer\": 1\n}\n"),
            "f:1: holds only {; write each JSON value into one line, or all of them into one list");
  const std::string half =
      "has half of a character at byte {}: a surrogate without its other half; write the whole "
      "character, or leave it out";
  EXPECT_EQ(error_of(R"({"answer": "\ud83d"})"), fmt::format(fmt::runtime("f:1: " + half), 19));
  EXPECT_EQ(error_of(R"({"answer": "\ude00"})"), fmt::format(fmt::runtime("f:1: " + half), 18));
  // A line that breaks off inside a word.
  EXPECT_EQ(error_of(R"({"answer": tru)"), "f:1: not valid JSON at byte 15; check that the file is complete");
}

TEST_F(JsonlFile, AnUnfinishedLineIsFound) {
  EXPECT_EQ(JsonlWriter::unfinished_line(path_), "");
  write_file_atomically(path_, "1\n");
  EXPECT_EQ(JsonlWriter::unfinished_line(path_), "");
  write_file_atomically(path_, "1\n{\"a");
  EXPECT_EQ(JsonlWriter::unfinished_line(path_), "{\"a");
  write_file_atomically(path_, std::string(10'000, 'x'));
  EXPECT_EQ(JsonlWriter::unfinished_line(path_).size(), 10'000u);
}

TEST(Jsonl, DamagedFilesNeverDoWorseThanAnError) {
  const std::string good = "{\"id\":1,\"text\":\"a \\u00e9\"}\n{\"id\":2,\"list\":[1,2.5e3,null]}\n";
  for (uint64_t i = 0; i < 5000; ++i) (void)error_of(mutated(good, i));
}

TEST_F(JsonlFile, AnUnfinishedLastLineCountsOrNot) {
  const auto count = [&](JsonlReader::End end) {
    JsonlReader reader(path_, end);
    int lines = 0;
    for (json value; reader.next(value);) ++lines;
    return lines;
  };
  write_file_atomically(path_, "1\n2");
  EXPECT_EQ(count(JsonlReader::End::kAnyLine), 2);
  EXPECT_EQ(count(JsonlReader::End::kWholeLine), 1);
  write_file_atomically(path_, "1\n{\"id\":");
  EXPECT_EQ(count(JsonlReader::End::kWholeLine), 1);
  EXPECT_THROW(count(JsonlReader::End::kAnyLine), Error);
}

TEST_F(JsonlFile, WritesWholeLinesAndAppendsAfterTheLastOne) {
  {
    JsonlWriter writer(path_, JsonlWriter::Start::kEmpty);
    writer.write(json{{"b", 1}, {"a", 2}});
    EXPECT_EQ(read_file(path_), "{\"a\":2,\"b\":1}\n");
    writer.write(nlohmann::ordered_json{{"b", 1}, {"a", 2}});
  }
  write_file_atomically(path_, read_file(path_) + "{\"unfinished\":" + std::string(10000, ' '));
  { JsonlWriter(path_, JsonlWriter::Start::kAppend).write(json(3)); }
  EXPECT_EQ(read_file(path_), "{\"a\":2,\"b\":1}\n{\"b\":1,\"a\":2}\n3\n");
  { JsonlWriter(path_, JsonlWriter::Start::kEmpty).write(json(4)); }
  EXPECT_EQ(read_file(path_), "4\n");
}

TEST(JsonText, RecordsKeepTheirOrderAndTheirIntegers) {
  EXPECT_EQ(parse_record(R"({"z": {"b": 1, "a": 2}, "y": 1e300})", "f").dump(),
            R"({"z":{"b":1,"a":2},"y":1e+300})");
  EXPECT_EQ(parse_record("[18446744073709551615, -9223372036854775808, 1e25, 12345678901234567890123.0]", "f")
                .size(),
            4u);
  EXPECT_EQ(parse_record(R"(["123456789012345678901234567890", 1e20])", "f").size(), 2u);
  const auto refusal = [](const std::string& text) -> std::string {
    try {
      (void)parse_record(text, "f:1");
      return "accepted";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(refusal(R"({"s": "\"9", "n": 123456789012345678901234567890})"),
            "f:1: an integer of more than 64 bits: '123456789012345678901234567890'; write it as a string");
  EXPECT_EQ(refusal("[-9223372036854775809]"),
            "f:1: an integer of more than 64 bits: '9223372036854775809'; write it as a string");
  EXPECT_EQ(refusal("{\"a\": 1, \"a\": 2}"),
            "f:1: JSON key 'a' appears twice in one object; remove one of them");
  std::string wide = "{";
  for (int i = 0; i <= 10000; ++i) wide += fmt::format("{}\"k{}\": 0", i ? ", " : "", i);
  EXPECT_EQ(refusal(wide + "}"), "f:1: a JSON object of more than 10000 keys; make it a list");
}

TEST(JsonText, AModelsFileIsGotAgain) {
  for (const char* damaged : {"{\"a\":", "[]", "", "\xff\xfe{"}) {
    try {
      (void)parse_model_object(damaged, "m/config.json");
      ADD_FAILURE() << damaged;
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(),
                   "m/config.json: is not a JSON object; the file is damaged; get the model again");
    }
  }
}

TEST(JsonText, AGitLfsPointerIsNamed) {
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n";
  const std::string message =
      "f: is a Git LFS pointer, not the file itself; run `git lfs pull` in its folder, or download it";
  for (const auto& read : std::vector<std::function<void()>>{
           [&] { (void)parse_json(pointer, "f"); }, [&] { (void)parse_record(pointer, "f"); },
           [&] { const SafetensorsFile file(std::as_bytes(std::span(pointer)), "f"); },
           [&] { const GgufFile file(std::as_bytes(std::span(pointer)), "f"); }}) {
    try {
      read();
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.what(), message);
    }
  }
}

}  // namespace
}  // namespace deepscaler
