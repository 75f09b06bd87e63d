#include "base/progress.h"

#include <gtest/gtest.h>

#include "base/log.h"

namespace deepscaler {
namespace {

ProgressState state() {
  ProgressState state;
  state.label = "training";
  state.unit = "steps";
  state.done = 30;
  state.start = 10;
  state.total = 50;
  state.elapsed_s = 10;
  state.fields = {{"loss", "0.412"}};
  return state;
}

TEST(Progress, LineCountsTheRateFromTheStart) {
  EXPECT_EQ(progress_line(state()), "training: 30/50 steps, 2 steps/s, eta 10s, loss 0.412");
}

TEST(Progress, NoRateBeforeAsManyAreDoneAsRunSideBySide) {
  ProgressState answers = state();
  answers.side_by_side = 20;
  EXPECT_EQ(progress_line(answers), progress_line(state()));
  answers.side_by_side = 21;
  EXPECT_EQ(progress_line(answers), "training: 30/50 steps, loss 0.412");
}

TEST(Progress, LineBeforeAnythingIsDone) {
  ProgressState fresh;
  fresh.label = "download";
  fresh.unit = "B";
  EXPECT_EQ(progress_line(fresh), "download: 0 B");
}

TEST(Progress, BarFitsTheWidthOrGoes) {
  const std::string bar = "training [############........]  60% 30/50 steps, 2 steps/s, eta 10s, loss 0.412";
  EXPECT_EQ(progress_bar(state(), 100), bar);
  EXPECT_EQ(progress_bar(state(), 71),
            "training [######....]  60% 30/50 steps, 2 steps/s, eta 10s, loss 0.412");
  EXPECT_EQ(progress_bar(state(), 60), progress_line(state()));
  EXPECT_EQ(progress_bar(state(), 10), "training:");
  EXPECT_EQ(progress_bar(state(), 0), "");
}

TEST(Progress, Durations) {
  EXPECT_EQ(duration_text(-1), "0s");
  EXPECT_EQ(duration_text(47.4), "47s");
  EXPECT_EQ(duration_text(59.6), "1m00s");
  EXPECT_EQ(duration_text(3 * 3600 + 7 * 60), "3h07m");
  EXPECT_EQ(duration_text(90000), "1d01h");
  EXPECT_EQ(duration_text(1e300), "?");
}

TEST(Progress, Counts) {
  EXPECT_EQ(count_text(7), "7");
  EXPECT_EQ(count_text(9999), "9999");
  EXPECT_EQ(count_text(1234567), "1.23M");
  EXPECT_EQ(count_text(98362432), "98.4M");
  EXPECT_EQ(count_text(2.55), "2.5");
  EXPECT_EQ(count_text(999999), "1M");
}

TEST(Progress, OffATerminalOnlyTheEndIsWritten) {
  testing::internal::CaptureStderr();
  {
    Progress progress("reading", "lines", 3);
    progress.set("file", "a");
    progress.set("file", "b");
    for (int i = 0; i < 3; ++i) progress.advance();
    log_info("{} done", 3);
    log_warning("slow");
  }
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(text.starts_with("3 done\nwarning: slow\nreading: 3/3 lines, ")) << text;
  EXPECT_TRUE(text.ends_with("file b\n")) << text;
}

}  // namespace
}  // namespace deepscaler
