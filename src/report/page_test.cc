#include "report/page.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "eval/report.h"
#include "report/rollouts.h"
#include "report/step_view.h"
#include "track/run_layout.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// One line of a rollouts file.
std::string rollout(int sample, const std::string& text, const json& reward) {
  const json line = {{"id", "p1"},
                     {"sample", sample},
                     {"problem", "1 + 1?"},
                     {"text", text},
                     {"answer", {"2"}},
                     {"extracted", "2"},
                     {"reason", "equal"},
                     {"rewards", {{"accuracy", reward}, {"format", 0.5}}},
                     {"reward", reward},
                     {"advantage", 0.25},
                     {"finish_reason", sample == 0 ? "stop" : "length"},
                     {"token_ids", {1, 2, 3}}};
  return line.dump() + "\n";
}

class RunFolderTest : public testing::Test {
 protected:
  RunFolderTest() {
    fs::create_directories(layout_.rollouts());
    fs::create_directories(layout_.evaluations());
    write_file_atomically(layout_.config(), "seed = 1\n");
    write_file_atomically(layout_.metrics(),
                          "{\"step\":0,\"stage\":0,\"eval/pass@1\":0.25}\n"
                          "{\"step\":1,\"stage\":0,\"loss\":2.5,\"num_tokens\":1}\n{\"step\":2,\"stage\":0,"
                          "\"loss\":null,\"num_tokens\":2}\n"
                          "{\"step\":3,\"stage\":1,\"loss\":0.1,\"reward\":0.5,\"num_tokens\":3}\n"
                          "{\"step\":3,\"stage\":1,\"eval/pass@1\":0.75}\n{\"step\":4,\"sta");
    write_file_atomically(
        layout_.rollouts(3),
        rollout(0, "</script><script>alert(1)</script><b>/*style*/", 1) + rollout(1,
                                                                                  "\x1b[2J"
                                                                                  "caf\xC3\xA9\xC2\x9B",
                                                                                  nullptr));
    write_evaluation("00-start", {false, false, true, false});
    write_evaluation("02-rl", {true, true, true, false});
  }

  void write_evaluation(const std::string& name, const std::vector<bool>& right) const {
    EvalReport report;
    report.settings.sets = {{"s", std::ssize(right), "0"}};
    for (bool correct : right) {
      report.problems.push_back({.id = "p", .set = "s", .samples = {{.correct = correct, .tokens = 5}}});
    }
    write_report(layout_.evaluation(name), report);
  }
  [[nodiscard]] std::string page() const {
    return run_page(run_.path(), {{"cold start", "sft"}, {"RL", "grpo"}});
  }
  // The data in the page, as its script reads it.
  [[nodiscard]] json data() const {
    const std::string html = page();
    const std::string mark = "id=\"data\">";
    const size_t begin = html.find(mark) + mark.size();
    return json::parse(html.substr(begin, html.find("</script>", begin) - begin));
  }

  const TemporaryFolder run_;
  const RunLayout layout_{run_.path()};
};

TEST_F(RunFolderTest, ThePageHoldsTheRun) {
  const json page_data = data();
  EXPECT_EQ(page_data["stages"].dump(),
            R"([{"first":1,"kind":"sft","last":2,"name":"cold start","number":0},)"
            R"({"first":3,"kind":"grpo","last":3,"name":"RL","number":1}])");
  EXPECT_EQ(page_data["series"]["loss"].dump(), "[[1,2.5],[2,null],[3,0.1]]");
  EXPECT_EQ(page_data["series"]["eval/pass@1"].dump(), "[[0,0.25],[3,0.75]]");
  const json& evaluations = page_data["evaluations"];
  ASSERT_EQ(evaluations.size(), 2u);
  EXPECT_EQ(evaluations[1]["name"], "RL");
  EXPECT_EQ(evaluations[1]["step"], 3);
  EXPECT_EQ(evaluations[0]["change"], nullptr);
  EXPECT_EQ(evaluations[1]["change"][0], 0.5);
  ASSERT_EQ(page_data["rollouts"].size(), 1u);
  EXPECT_EQ(page_data["rollouts"][0]["stage"], 1);
  EXPECT_EQ(page_data["rollouts"][0]["groups"][0]["samples"][1]["reward"], nullptr);
}

TEST_F(RunFolderTest, AForkShowsTheCurvesOfTheOtherRunToo) {
  EXPECT_EQ(data()["parent"], nullptr);
  const TemporaryFolder other;
  const auto forked_from = [&](const std::string& run) {
    const json manifest = {{"forked_from", {{"run", run}, {"step", 2}, {"changes", {"seed = 2 (was 1)"}}}}};
    write_file_atomically(layout_.manifest(), manifest.dump());
    return data()["parent"];
  };
  EXPECT_EQ(forked_from(other.path().string()), nullptr) << "there are no metrics";
  write_file_atomically(RunLayout{other.path()}.metrics(),
                        "{\"step\":1,\"stage\":0,\"loss\":2.5,\"num_tokens\":1}\n"
                        "{\"step\":2,\"stage\":0,\"loss\":2,\"num_tokens\":2}\n"
                        "{\"step\":3,\"stage\":1,\"loss\":1,\"num_tokens\":3}\n");
  const json parent = forked_from(other.path().string());
  EXPECT_EQ(parent["name"], other.path().filename().string());
  EXPECT_EQ(parent["step"], 2);
  EXPECT_EQ(parent["series"]["loss"].dump(), "[[2,2.0],[3,1.0]]");
  EXPECT_EQ(forked_from("moved/" + other.path().filename().string()), parent) << "it lies beside this one";
}

TEST_F(RunFolderTest, WhatAModelWroteIsNoMarkup) {
  const std::string html = page();
  EXPECT_EQ(html.find("alert(1)</script>"), std::string::npos);
  EXPECT_EQ(html.find("<b>"), std::string::npos);
  EXPECT_EQ(data()["rollouts"][0]["groups"][0]["samples"][0]["text"],
            "</script><script>alert(1)</script><b>/*style*/");
  for (const char* outside : {"http://", "https://", "src=", "@import", "url("}) {
    size_t place = html.find(outside);
    if (place != std::string::npos && html.substr(place).starts_with("http://www.w3.org/2000/svg")) {
      place = html.find(outside, place + 1);  // the name of SVG, which nothing fetches
    }
    EXPECT_EQ(place, std::string::npos) << outside;
  }
}

TEST_F(RunFolderTest, WhatIsNoRunIsNamed) {
  const auto error_of = [&] {
    try {
      (void)page();
      return std::string("no error");
    } catch (const Error& error) {
      return std::string(error.what()).substr(run_.path().string().size() + 1);
    }
  };
  write_file_atomically(layout_.rollouts(3), rollout(0, "a", 1) + "{\"sample\": 1}\n");
  EXPECT_EQ(
      error_of(),
      "rollouts/step-000003.jsonl:2: is no line of rollouts; name a folder that `deepscaler train` wrote");
  write_file_atomically(layout_.metrics(), "{\"loss\": 1}\n");
  EXPECT_EQ(error_of(),
            "metrics.jsonl:1: is no line of metrics; name a folder that `deepscaler train` wrote");
  write_file_atomically(layout_.metrics(), "");
  EXPECT_EQ(error_of(), "metrics.jsonl: has no metrics yet; wait for the run's first step");
}

TEST_F(RunFolderTest, AStepReadsAsText) {
  const auto groups = read_rollouts(layout_.rollouts(3));
  EXPECT_EQ(
      step_view(groups, {}, Colours::kOff),
      "== problem p1\n1 + 1?\nreference: 2\n\n"
      "sample 0: reward 1 (accuracy 1, format 0.5), advantage +0.250, 3 tokens, ended by itself, answer '2' "
      "(equal)\n</script><script>alert(1)</script><b>/*style*/\n\n"
      "sample 1: undecided (accuracy undecided, format 0.5), advantage +0.250, 3 tokens, cut at the limit, "
      "answer '2' (equal)\n\\x1b[2Jcaf\xC3\xA9\\x9b\n\n");
  EXPECT_EQ(step_view(groups, {.problem = "p2"}, Colours::kOff), "");
  const std::string one = step_view(groups, {.sample = 1}, Colours::kOn);
  EXPECT_EQ(one.find("sample 0"), std::string::npos);
  EXPECT_NE(one.find("\x1b[33msample 1: undecided"), std::string::npos) << one;
}

}  // namespace
}  // namespace deepscaler
