#include "report/picture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <regex>
#include <sstream>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "report/svg.h"

namespace deepscaler {
namespace {

struct Box {
  std::string text;
  double left, right, top, bottom;
};

// Where the texts of a picture stand at most.
std::vector<Box> text_boxes(const std::string& picture) {
  static const std::regex pattern(
      "<text class=\"([a-z]+)\" x=\"([-0-9.]+)\" y=\"([-0-9.]+)\" font-size=\"([0-9.]+)\" "
      "text-anchor=\"([a-z]+)\"( font-weight=\"bold\")?>([^<]*)</text>");
  std::vector<Box> boxes;
  std::istringstream lines(picture);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("<text ")) continue;
    std::smatch m;
    EXPECT_TRUE(std::regex_match(line, m, pattern)) << line;
    const double x = std::stod(m[2]), y = std::stod(m[3]), size = std::stod(m[4]);
    const double width = text_width({.colour = "", .size = size, .bold = m[6].matched}, m[7].str());
    const double left = m[5] == "start" ? x : m[5] == "end" ? x - width : x - width / 2;
    boxes.push_back({m[7], left, left + width, y - 0.8 * size, y + 0.2 * size});
  }
  return boxes;
}

bool overlap(const Box& a, const Box& b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

// A run whose stage i has steps[i] steps: an SFT stage first, then RL.
RunHistory history_of(const std::vector<int64_t>& steps, const std::string& name, double scale) {
  RunHistory history;
  history.name = name;
  history.evaluations.push_back(
      {.title = "start", .problems = 128, .pass_at_1 = {.mean = 0, .low = 0, .high = 0.03}});
  int64_t step = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    const bool rewarded = i % 3 != 0;
    history.stages.push_back({.number = static_cast<int64_t>(i),
                              .title = {name, rewarded ? "grpo" : "sft"},
                              .first = step + 1,
                              .last = step + steps[i]});
    for (int64_t s = 0; s < steps[i]; ++s) {
      ++step;
      const double value = scale * (0.5 + 0.4 * std::sin(static_cast<double>(step)));
      history.series["loss"].push_back({step, value});
      if (rewarded) history.series["reward"].push_back({step, s == 1 ? std::nullopt : std::optional(value)});
      if (rewarded) history.series["completions/mean_length"].push_back({step, 100 * value});
    }
    history.evaluations.push_back({.stages_done = static_cast<int64_t>(i) + 1,
                                   .title = name,
                                   .step = step,
                                   .problems = 128,
                                   .pass_at_1 = {.mean = 0.9, .low = 0.85, .high = 1}});
  }
  return history;
}

void expect_texts_apart(const std::string& picture) {
  const std::vector<Box> boxes = text_boxes(picture);
  EXPECT_GT(boxes.size(), 10u);
  std::smatch size;
  ASSERT_TRUE(std::regex_search(picture, size, std::regex("viewBox=\"0 0 ([0-9]+) ([0-9]+)\"")));
  for (const Box& box : boxes) {
    EXPECT_GE(box.left, 0) << box.text;
    EXPECT_LE(box.right, std::stod(size[1])) << box.text;
    EXPECT_GE(box.top, 0) << box.text;
    EXPECT_LE(box.bottom, std::stod(size[2])) << box.text;
  }
  for (size_t i = 0; i < boxes.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      EXPECT_FALSE(overlap(boxes[i], boxes[j])) << boxes[i].text << " and " << boxes[j].text;
    }
  }
}

TEST(Picture, NoTextTouchesAnotherOrLeavesThePicture) {
  const std::vector<std::vector<int64_t>> runs = {{14},
                                                  {14, 10, 9},
                                                  {1, 1000, 1, 1},
                                                  {1001, 10, 5000, 7, 3},
                                                  {3, 100, 20, 20, 20, 1},
                                                  std::vector<int64_t>(12, 234)};
  for (const std::vector<int64_t>& steps : runs) {
    for (const char* name :
         {"RL", "a stage with a name that nobody can read at one glance", "WWWWWWWWWWWWWWWWWWWWWWWWWWWW",
          "\u6570\u5b66\u306e\u554f\u984c\u3092\u89e3\u304f"
          "\u5f37\u5316\u5b66\u7fd2\u306e\u6bb5\u968e"}) {
      for (double scale : {1e-5, 1.0, 20000.0}) {
        SCOPED_TRACE(testing::Message() << steps.size() << " stages, " << name << ", values of " << scale);
        expect_texts_apart(run_picture(history_of(steps, name, scale)));
      }
    }
  }
}

// The rule above is of use: it sees texts that touch.
TEST(Picture, TextsThatTouchAreSeen) {
  SvgImage image;
  image.text({.colour = "ink"}, {10, 20}, "pass@1");
  image.text({.colour = "ink", .anchor = Anchor::kEnd}, {40, 24}, "loss");
  image.text({.colour = "ink"}, {10, 60}, "reward");
  const std::vector<Box> boxes = text_boxes(image.elements());
  ASSERT_EQ(boxes.size(), 3u);
  EXPECT_TRUE(overlap(boxes[0], boxes[1]));
  EXPECT_FALSE(overlap(boxes[0], boxes[2]));
}

TEST(Picture, ShowsWhatTheRunMeasured) {
  const std::string picture = run_picture(history_of({2, 3}, "<stage> & \"co\"", 1));
  EXPECT_NE(picture.find(">90.0</text>"), std::string::npos);
  EXPECT_NE(
      picture.find(">pass@1 at the start and after each stage, % with 95 % interval (128 problems)</text>"),
      std::string::npos);
  EXPECT_NE(
      picture.find("<desc>pass@1 start: 0.0 % [0.0, 3.0]; after &lt;stage&gt; &amp; &quot;co&quot;: 90.0 % "
                   "[85.0, 100.0]; after"),
      std::string::npos);
  EXPECT_NE(picture.find(">loss of each step<"), std::string::npos);
  EXPECT_NE(picture.find(">reward of each step<"), std::string::npos);
  EXPECT_NE(picture.find(">5 steps in 2 stages<"), std::string::npos);
  EXPECT_NE(picture.find(">sft, 2 steps<"), std::string::npos);
  EXPECT_EQ(picture.find("<stage>"), std::string::npos);
  EXPECT_EQ(picture.find("nan"), std::string::npos);
  for (const char* outside : {"href", "src=", "@import", "url(", "<script"}) {
    EXPECT_EQ(picture.find(outside), std::string::npos) << outside;
  }
}

TEST(Picture, LongRunsStaySmall) {
  EXPECT_LT(run_picture(history_of({100000, 100000}, "RL", 1)).size(), 40000u);
}

TEST(Picture, PanelsWithoutDataAreLeftOut) {
  RunHistory history = history_of({3}, "cold start", 1);
  history.evaluations.clear();
  const std::string picture = run_picture(history);
  EXPECT_NE(picture.find(">loss of each step<"), std::string::npos);
  for (const char* label : {">pass@1 ", ">reward", ">response length"}) {
    EXPECT_EQ(picture.find(label), std::string::npos) << label;
  }
  EXPECT_NE(picture.find("<desc>no evaluations</desc>"), std::string::npos);
}

// A run that has evaluated its start and not trained yet.
TEST(Picture, ARunWithoutStepsHasOne) {
  RunHistory history = history_of({}, "new", 1);
  history.series["eval/pass@1"].push_back({0, 0.0});
  EXPECT_NE(run_picture(history).find(">0.0</text>"), std::string::npos);
}

TEST(Picture, IsKnownAgain) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "run.svg", run_picture(history_of({2}, "a", 1)));
  EXPECT_TRUE(is_run_picture(folder / "run.svg"));
  write_file_atomically(folder / "other.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>");
  EXPECT_FALSE(is_run_picture(folder / "other.svg"));
  EXPECT_FALSE(is_run_picture(folder / "none.svg"));
}

}  // namespace
}  // namespace deepscaler
