#include "generate/sample_file.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

using nlohmann::ordered_json;

class SampleFileTest : public testing::Test {
 protected:
  [[nodiscard]] SampleFile open() const {
    return {path_,
            {.beginnings = {R"({"head":)", R"({"n":)"},
             .item = "thing",
             .item_key = "n",
             .owner = "ours",
             .remedy = "mend it"},
            /*items=*/2,
            /*samples=*/3};
  }
  // The lines of a file of these bytes, and what is said of it.
  std::vector<std::string> resume(const std::string& bytes) {
    write_file_atomically(path_, bytes);
    std::vector<std::string> lines;
    SampleFile file = open();
    file.resume([&](const ordered_json& line, const std::string&) { lines.push_back(line.dump()); });
    return lines;
  }

  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_ / "s.jsonl";
};

using Lines = std::vector<std::string>;

TEST_F(SampleFileTest, NothingIsTouchedBeforeTheFirstLine) {
  write_file_atomically(path_, "old\n");
  SampleFile file = open();
  EXPECT_EQ(read_file(path_), "old\n");
  file.write({{"n", 0}});
  file.write({{"n", 1}});
  EXPECT_EQ(read_file(path_), "{\"n\":0}\n{\"n\":1}\n");
}

TEST_F(SampleFileTest, AnUnfinishedLineIsCutOffWhereItIsOurs) {
  const std::string whole = "{\"head\":1}\n{\"n\":0}\n";
  for (const char* rest : {"", "{", "{\"", "{\"n\":1, \"text\"", "{\"head\":"}) {
    EXPECT_EQ(resume(whole + rest), (Lines{"{\"head\":1}", "{\"n\":0}"})) << rest;
    EXPECT_EQ(read_file(path_), whole) << rest;
  }
  for (const char* rest : {"x", " {", "{\"m\":", "{\"n\"=1"}) {
    try {
      (void)resume(whole + rest);
      FAIL() << rest;
    } catch (const Error& error) {
      EXPECT_EQ(error.what(), path_.string() + ": ends in a line that is no line of ours; mend it") << rest;
    }
    EXPECT_EQ(read_file(path_), whole + rest);
  }
}

TEST_F(SampleFileTest, GoesOnBehindWhatIsThereOrBeginsAFile) {
  for (const bool there : {false, true}) {
    if (there) write_file_atomically(path_, "{\"n\":0}\n{\"n\"");
    SampleFile file = open();
    file.resume([](const ordered_json&, const std::string&) {});
    file.write({{"n", 1}});
    EXPECT_EQ(read_file(path_), there ? "{\"n\":0}\n{\"n\":1}\n" : "{\"n\":1}\n");
  }
}

TEST_F(SampleFileTest, ALineIsOfASampleOfTheFile) {
  SampleFile file = open();
  EXPECT_EQ(file.name_in({{"n", 1}, {"sample", 2}}, "f:1"), (SampleName{1, 2}));
  const auto refusal = [&](const ordered_json& line) -> std::string {
    try {
      (void)file.name_in(line, "f:1");
      return "accepted";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(refusal({{"n", 2}, {"sample", 0}}), "f:1: belongs to thing 2, and there are 2; mend it");
  EXPECT_EQ(refusal({{"n", -1}, {"sample", 0}}), "f:1: belongs to thing -1, and there are 2; mend it");
  EXPECT_EQ(refusal({{"n", 1}, {"sample", 3}}), "f:1: is sample 3 of 3; mend it");
  EXPECT_EQ(refusal({{"n", 1}}), "f:1: has no number \"sample\", so it is no line of ours; mend it");
  for (const ordered_json& line :
       {ordered_json(1), ordered_json("n"), ordered_json({{"n", 1.5}, {"sample", 0}})}) {
    EXPECT_EQ(refusal(line), "f:1: has no number \"n\", so it is no line of ours; mend it");
  }
  EXPECT_TRUE(file.remember({1, 2}));
  EXPECT_FALSE(file.remember({1, 2}));
  EXPECT_TRUE(file.has({1, 2}));
  EXPECT_FALSE(file.has({1, 1}));
  EXPECT_EQ(file.size(), 1);
}

}  // namespace
}  // namespace deepscaler
