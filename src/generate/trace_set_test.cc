#include "generate/trace_set.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "data/trace.h"

namespace deepscaler {
namespace {

using nlohmann::ordered_json;

class TraceSetTest : public testing::Test {
 protected:
  static std::string line(int index, const char* text, const ordered_json& correct,
                          const char* reason = "stop", bool opened = false) {
    return ordered_json({{"index", index},
                         {"text", text},
                         {"finish_reason", reason},
                         {"token_ids", {1, 2, 3}},
                         {"prompt_opened_thinking", opened},
                         {"correct", correct}})
               .dump() +
           "\n";
  }

  const TemporaryFolder folder_;
  const std::filesystem::path in_ = folder_ / "out.jsonl", out_ = folder_ / "traces.jsonl";
  const std::vector<Problem> problems_ = {
      {.id = "a", .problem = "1+1?", .answers = {"2"}},
      {.id = "b", .problem = "2+2?", .answers = {"4"}},
      {.id = "c", .problem = "3+3?", .answers = {"6", "six"}, .grader = Grader::kCountdown}};
};

TEST_F(TraceSetTest, HoldsWhatIsRightAndWhole) {
  write_file_atomically(in_, line(0, "one \\boxed{2}", true) + line(0, "two \\boxed{3}", false) +
                                 line(0, "hm</think>\\boxed{2}", true, "stop", true) +
                                 line(1, "\\boxed{4}", true, "length") + line(1, "\\boxed{4", nullptr) +
                                 line(2, "3+3", true));
  EXPECT_EQ(write_trace_set(in_, problems_, {}, out_),
            "keeps 3 of 6 responses: 1 truncated, 1 undecided, 1 wrong");
  EXPECT_EQ(read_file(out_),
            "{\"id\":\"a\",\"problem\":\"1+1?\",\"answer\":\"2\",\"generations\":[\"one \\\\boxed{2}\","
            "\"<think>\\nhm</think>\\\\boxed{2}\"]}\n"
            "{\"id\":\"c\",\"problem\":\"3+3?\",\"answer\":[\"6\",\"six\"],\"grader\":\"countdown\","
            "\"generations\":[\"3+3\"]}\n");
  const auto traces =
      read_traces(ordered_json::parse(read_file(out_).substr(0, read_file(out_).find('\n'))), "a");
  ASSERT_TRUE(traces);
  EXPECT_EQ(traces->traces.size(), 2u) << "an sft stage reads them";
}

TEST_F(TraceSetTest, HoldsWhatTheFilterKeeps) {
  write_file_atomically(in_, line(0, "\\boxed{2}", true) + line(0, "so \\boxed{2}", true) +
                                 line(1, "```\n2+2\n```\n\\boxed{4}", true));
  EXPECT_EQ(write_trace_set(in_, problems_, {.code_blocks = false, .most_per_problem = 1}, out_),
            "keeps 1 of 3 responses: 1 code-block, 1 surplus");
  EXPECT_EQ(read_file(out_),
            "{\"id\":\"a\",\"problem\":\"1+1?\",\"answer\":\"2\",\"generations\":[\"\\\\boxed{2}\"]}\n");
}

TEST_F(TraceSetTest, NothingIsWrittenWhereNothingIsRight) {
  write_file_atomically(in_, line(0, "\\boxed{3}", false));
  try {
    (void)write_trace_set(in_, problems_, {}, out_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(
        error.what(),
        in_.string() +
            ": has no response for a data set: the filter keeps 0 of 1 responses: 1 wrong; sample more, or "
            "allow longer responses");
  }
  EXPECT_FALSE(std::filesystem::exists(out_));
}

}  // namespace
}  // namespace deepscaler
