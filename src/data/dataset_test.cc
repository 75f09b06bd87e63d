#include "data/dataset.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

class DatasetTest : public testing::Test {
 protected:
  fs::path file(const std::string& name, const std::string& text) {
    write_file_atomically(folder_ / name, text);
    return folder_ / name;
  }
  Dataset read(const std::string& name, const std::string& text) {
    const fs::path path = file(name, text);
    return read_dataset({&path, 1});
  }
  std::string refusal(const std::string& text) {
    try {
      (void)read("bad.jsonl", text);
    } catch (const Error& error) {
      return std::string(error.what()).substr(folder_.path().string().size() + 1);
    }
    return "accepted";
  }

  const TemporaryFolder folder_;
};

TEST_F(DatasetTest, DeepScaleRArray) {
  const Dataset dataset = read("aime.json", R"([
    {"problem": " Find $x$. ", "answer": "60", "solution": "It is 60.", "difficulty": 4.0, "year": 1983},
    {"problem": "Sum?", "answer": 142.0, "unique_id": "test/7.json"},
    {"problem": "How long?", "answer": ["9.6\n", "10"], "solution": ["first", "second"]},
    {"problem": "Open", "answer": null}
  ])");
  ASSERT_EQ(dataset.problems.size(), 3u);
  EXPECT_EQ(dataset.without_answer, 1);
  EXPECT_EQ(dataset.problems[0].problem, "Find $x$.");
  EXPECT_EQ(dataset.problems[0].answers, std::vector<std::string>{"60"});
  EXPECT_EQ(dataset.problems[0].solution, "It is 60.");
  EXPECT_EQ(dataset.problems[0].difficulty, 4.0);
  EXPECT_EQ(dataset.problems[0].source, "aime");
  EXPECT_EQ(dataset.problems[0].id.size(), 16u);
  EXPECT_EQ(dataset.problems[1].id, "test/7.json");
  EXPECT_EQ(dataset.problems[1].answers, std::vector<std::string>{"142"});
  EXPECT_EQ(dataset.problems[2].answers, (std::vector<std::string>{"9.6", "10"}));
  EXPECT_EQ(dataset.problems[2].solution, "first");
}

TEST_F(DatasetTest, Gsm8kLines) {
  const Dataset dataset = read(
      "train.jsonl",
      "{\"question\": \"How much?\", \"answer\": \"It is 2*600=$<<2*600=1200>>1200.\\n#### 1,200\"}\n\n");
  ASSERT_EQ(dataset.problems.size(), 1u);
  EXPECT_EQ(dataset.problems[0].problem, "How much?");
  EXPECT_EQ(dataset.problems[0].solution, "It is 2*600=$1200.\n\\boxed{1200}");
  EXPECT_EQ(dataset.problems[0].answers, std::vector<std::string>{"1200"});
}

TEST_F(DatasetTest, OurLinesAndRepeatedIds) {
  const Dataset dataset = read("mine.jsonl",
                               "{\"id\": \"a\", \"kind\": \"add\", \"problem\": \"1+1?\", \"answer\": 2}\r\n"
                               "{\"id\": \"a\", \"problem\": \"1+2?\", \"answer\": \"3\"}\n"
                               "{\"id\": 17, \"problem\": \"1+3?\", \"answer\": 0.5}");
  ASSERT_EQ(dataset.problems.size(), 3u);
  EXPECT_EQ(dataset.problems[0].source, "add");
  EXPECT_EQ(dataset.problems[0].answers, std::vector<std::string>{"2"});
  EXPECT_EQ(dataset.problems[1].id, "a-2");
  EXPECT_EQ(dataset.problems[2].id, "17");
  EXPECT_EQ(dataset.problems[2].answers, std::vector<std::string>{"0.5"});
}

TEST_F(DatasetTest, RenamedIdsAreCounted) {
  const Dataset dataset = read("mine.jsonl",
                               R"({"id": "a", "problem": "1+1?", "answer": 2}
{"id": "a", "problem": "1+2?", "answer": 3}
{"problem": "1+3?", "answer": 4}
{"problem": "1+3?", "answer": 4})");
  EXPECT_EQ(dataset.renamed, 2);
  EXPECT_EQ(read("mine.jsonl", R"({"id": "a", "problem": "1+1?", "answer": 2})").renamed, 0);
}

TEST_F(DatasetTest, AProblemKnowsItsPlaceAndTheRestOfItsRecord) {
  const Dataset dataset =
      read("mine.jsonl",
           "\n"
           R"({"id": "a", "problem": "1+1?", "answer": 2, "topic": "sums", "tests": [1, "b"]})");
  EXPECT_EQ(dataset.problems[0].where, (folder_ / "mine.jsonl").string() + ":2");
  EXPECT_EQ(dataset.problems[0].record, R"({"topic":"sums","tests":[1,"b"]})");
}

TEST_F(DatasetTest, AnswersAreOptionalWhereNothingIsGradedByThem) {
  const fs::path path = file("mine.jsonl", R"({"problem": "Write a poem."}
{"problem": "And another one.", "answer": null})");
  EXPECT_EQ(read_dataset({&path, 1}, Answers::kOptional).problems.size(), 2u);
  EXPECT_THROW((void)read_dataset({&path, 1}), Error);
}

TEST_F(DatasetTest, AFileCountsOnce) {
  const std::vector<fs::path> files = {file("a.jsonl", R"({"problem": "1+1?", "answer": 2})"),
                                       folder_ / "." / "a.jsonl"};
  try {
    (void)read_dataset(files);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), files[1].string() + ": is the same file as " + files[0].string() +
                                ", and its problems would count twice; name it once");
  }
}

TEST_F(DatasetTest, SeveralFilesAreOneSet) {
  const std::vector<fs::path> files = {file("a.jsonl", R"({"problem": "p", "answer": "1"})"),
                                       file("b.json", R"([{"problem": "q", "answer": "2"}])")};
  const Dataset dataset = read_dataset(files);
  ASSERT_EQ(dataset.problems.size(), 2u);
  EXPECT_EQ(dataset.problems[1].source, "b");
}

TEST_F(DatasetTest, FilesOfOneNameAreToldApartByTheirFolders) {
  fs::create_directory(folder_ / "train");
  fs::create_directory(folder_ / "test");
  const std::vector<fs::path> files = {file("train/math.jsonl", R"({"problem": "p", "answer": "1"})"),
                                       file("test/math.json", R"([{"problem": "q", "answer": "2"}])"),
                                       file("amc.jsonl", R"({"problem": "r", "answer": "3"})")};
  const Dataset dataset = read_dataset(files);
  EXPECT_EQ(dataset.problems[0].source, "train/math");
  EXPECT_EQ(dataset.problems[1].source, "test/math");
  EXPECT_EQ(dataset.problems[2].source, "amc");
}

TEST_F(DatasetTest, RefusesInOneLine) {
  const std::string good = "{\"problem\": \"p\", \"answer\": \"1\"}\n";
  const std::string need = "; a record needs \"problem\" (or \"question\") and \"answer\"";
  EXPECT_EQ(refusal(good + "{\"problem\": "),
            "bad.jsonl:2: not valid JSON at byte 13; check that the file is complete");
  EXPECT_EQ(refusal(good + "\n3"), "bad.jsonl:3: is not a JSON object" + need);
  EXPECT_EQ(refusal("{\"answer\": 1}"), "bad.jsonl:1: has no \"problem\", only 'answer'" + need);
  EXPECT_EQ(
      refusal("{\"prompt\": \"p\", \"answer\": 1}"),
      "bad.jsonl:1: has a \"prompt\" and no \"problem\"; give the bare question as \"problem\"; what stands "
      "around it is the recipe's [prompt]");
  EXPECT_EQ(refusal("{\"problem\": 1, \"answer\": 1}"), "bad.jsonl:1: \"problem\" must be a string" + need);
  EXPECT_EQ(refusal("{\"problem\": \"p\"}"), "bad.jsonl:1: has no \"answer\", only 'problem'" + need);
  EXPECT_EQ(refusal("{\"\ufeffproblem\": \"p\", \"Answer\": 1}"),
            "bad.jsonl:1: has no \"problem\", only '\\xef\\xbb\\xbfproblem', 'Answer'" + need);
  EXPECT_EQ(refusal(R"({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1, "g": 1, "h": 1, "i": 1, "j": 1})"),
            "bad.jsonl:1: has no \"problem\", only 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', ..." + need);
  EXPECT_EQ(refusal("{\"problem\": \"p\", \"answer\": {}}"),
            "bad.jsonl:1: \"answer\" must be a string, a number or a list of them" + need);
  EXPECT_EQ(refusal("{\"problem\": \"p\", \"answer\": [[1, 2], 3]}"),
            "bad.jsonl:1: \"answer\" must be a string, a number or a list of them" + need);
  EXPECT_EQ(refusal("{\"problem\": \"\", \"answer\": 1}"), "bad.jsonl:1: \"problem\" is empty" + need);
  EXPECT_EQ(refusal("[\n" + good + ",\n{\"problem\": }]"),
            "bad.jsonl: not valid JSON at byte 49; check that the file is complete");
  EXPECT_EQ(refusal("[" + good + ", {}]"), "bad.jsonl: element 2: has no \"problem\"" + need);
  EXPECT_EQ(refusal("{\"problem\": \"\xff\", \"answer\": 1}"),
            "bad.jsonl:1: is not UTF-8 at byte 14; save the file as UTF-8");
  EXPECT_EQ(refusal(""), "bad.jsonl: has no problem with an answer; name a file of problems");
}

}  // namespace
}  // namespace deepscaler
