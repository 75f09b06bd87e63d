#include "data/sampled_pairs.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

using nlohmann::json;

class SampledPairsTest : public testing::Test {
 protected:
  void add(const std::string& id, const std::string& text, size_t tokens, const json& accuracy,
           const char* finish_reason = "stop") {
    lines_ += json{{"id", id},
                   {"problem", "p" + id},
                   {"text", text},
                   {"rewards", {{"accuracy", accuracy}}},
                   {"finish_reason", finish_reason},
                   {"token_ids", std::vector<int>(tokens)}}
                  .dump() +
              "\n";
  }
  [[nodiscard]] SampledPairs pairs(const SampledPairsConfig& config = {}) {
    write_file_atomically(folder_ / "step.jsonl", lines_);
    const std::vector<std::filesystem::path> files = {folder_ / "step.jsonl"};
    return pair_samples(files, config);
  }
  // "p1: right > wrong" of each line.
  static std::vector<std::string> shown(const SampledPairs& pairs) {
    std::vector<std::string> all;
    std::istringstream lines(pairs.lines);
    for (std::string line; std::getline(lines, line);) {
      const auto pair = json::parse(line);
      all.push_back(pair["problem"].get<std::string>() + ": " + pair["chosen"].get<std::string>() + " > " +
                    pair["rejected"].get<std::string>());
    }
    return all;
  }

  TemporaryFolder folder_;
  std::string lines_;
};

using Shown = std::vector<std::string>;

TEST_F(SampledPairsTest, ARightAnswerGetsTheWrongOneNearestInLength) {
  add("1", "right", 10, 1);
  add("1", "short", 2, 0);
  add("1", "near", 11, 0);
  add("1", "right", 10, 1);  // the same text again
  add("1", "right too", 3, 1.0);
  EXPECT_EQ(shown(pairs()), Shown{"p1: right > near"});
  const SampledPairs all = pairs({.most_of_a_group = 8});
  EXPECT_EQ(shown(all), (Shown{"p1: right > near", "p1: right too > short"}));
  EXPECT_EQ(all.pairs, 2);
  EXPECT_EQ(all.groups, 1);
  EXPECT_EQ(all.longer_chosen, 1);
}

TEST_F(SampledPairsTest, GroupsAreNotMixedAndWhatIsLeftOutIsCounted) {
  add("1", "right", 3, 1);
  add("2", "wrong", 3, 0);
  add("3", "cut", 9, 0, "length");
  add("3", "right", 3, 1);
  add("3", "open", 3, nullptr);
  add("4", "right", 3, 1);
  add("4", "wrong", 3, 0.5);
  const SampledPairs result = pairs();
  EXPECT_EQ(shown(result), Shown{"p4: right > wrong"});
  EXPECT_EQ(result.groups, 4);
  EXPECT_EQ(result.without_right, 1);
  EXPECT_EQ(result.without_wrong, 2);
  EXPECT_EQ(result.truncated, 1);
  EXPECT_EQ(result.undecided, 1);
  EXPECT_EQ(shown(pairs({.truncated = true})), (Shown{"p3: right > cut", "p4: right > wrong"}));
}

TEST_F(SampledPairsTest, RefusesOtherLines) {
  lines_ = "{\"prompt\": \"a\"}\n";
  try {
    (void)pairs();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              (folder_ / "step.jsonl").string() +
                  ":1: it has no \"id\", so it is no line of a run's rollouts; name a run's folder, or files "
                  "of its rollouts/");
  }
}

}  // namespace
}  // namespace deepscaler
