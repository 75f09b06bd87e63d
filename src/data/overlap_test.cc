#include "data/overlap.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

TEST(Overlap, CaseAndWhiteSpaceDoNotCount) {
  QuestionSet questions;
  EXPECT_TRUE(questions.add("What is  1 + 1?\n"));
  EXPECT_FALSE(questions.add("what is 1\t+ 1?"));
  EXPECT_TRUE(questions.contains(" WHAT is 1 + 1?"));
  EXPECT_FALSE(questions.contains("What is 1 + 2?"));
}

TEST(Overlap, EveryFormOfRecordAsksSomething) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "train.jsonl";
  write_file_atomically(path,
                        "{\"problem\": \"a\", \"answer\": 1}\n{\"question\": \"b\"}\n"
                        "{\"prompt\": \"c\", \"completion\": \"x\"}\n"
                        "{\"messages\": [{\"role\": \"system\", \"content\": \"s\"}, {\"role\": \"user\", "
                        "\"content\": \"d\"}, {\"role\": \"assistant\", \"content\": \"y\"}]}\n"
                        "{\"prompt\": [{\"role\": \"user\", \"content\": \"e\"}], \"completion\": \"z\"}\n"
                        "{\"conversations\": [{\"from\": \"human\", \"value\": \"f\"}, {\"from\": \"gpt\", "
                        "\"value\": \"w\"}]}\n{\"instruction\": \"g\", \"output\": \"v\"}\n"
                        "{\"messages\": 3}\n[1]\n");
  QuestionSet questions;
  questions.add_file(path);
  for (const char* asked : {"a", "b", "c", "d", "e", "f", "g"})
    EXPECT_TRUE(questions.contains(asked)) << asked;
  for (const char* said : {"s", "v", "w", "x", "y", "z"}) EXPECT_FALSE(questions.contains(said)) << said;
}

TEST(Overlap, CountsCopies) {
  const std::vector<Problem> problems = {{.id = "1", .problem = "a"},
                                         {.id = "2", .problem = "b"},
                                         {.id = "3", .problem = "A "},
                                         {.id = "4", .problem = "a"}};
  EXPECT_EQ(count_copies(problems), 2);
  EXPECT_EQ(count_copies({}), 0);
}

}  // namespace
}  // namespace deepscaler
