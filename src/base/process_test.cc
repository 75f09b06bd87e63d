#include "base/process.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

std::string shell(const std::string& script, std::string_view input = "", const ProcessLimits& limits = {}) {
  return run_process({"sh", "-c", script}, input, limits, "it");
}

std::string refusal(const std::string& script, const ProcessLimits& limits = {}) {
  try {
    (void)shell(script, "", limits);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Process, TakesAndGivesMoreThanAPipeHolds) {
  std::string input;
  for (int i = 0; i < 200'000; ++i) input += std::to_string(i) + "\n";
  EXPECT_EQ(shell("cat", input), input);
  EXPECT_EQ(shell("cat >/dev/null; echo done", input), "done\n");
}

TEST(Process, NeedNotReadItsInput) {
  EXPECT_EQ(shell("echo ready", std::string(1 << 20, 'x')), "ready\n");
  EXPECT_EQ(shell("exec <&-; sleep 0.1; echo ready", std::string(1 << 20, 'x')), "ready\n");
}

TEST(Process, SaysHowItFailed) {
  EXPECT_EQ(refusal("echo first >&2; echo no such model >&2; exit 3"),
            "it: exited with code 3 (it said: no such model); mend the program");
  EXPECT_EQ(refusal("kill -SEGV $$"), "it: was ended by signal 11; mend the program");
  EXPECT_EQ(refusal("yes", {.output_bytes = 1000}), "it: wrote more than 1000 bytes; mend the program");
  try {
    (void)run_process({"/no/such/program"}, "", {}, "it");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "it: can't start /no/such/program: No such file or directory; "
                 "check the program's path and permissions");
  }
}

TEST(Process, AHangingOneIsKilledWithItsChildren) {
  const TemporaryFolder folder;
  const std::string alive = (folder / "alive").string();
  // A child that ignores polite signals and, were it to live, would leave a mark after a second.
  const std::string script = "(trap '' TERM HUP INT; sleep 1; touch " + alive + ") & sleep 60";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(refusal(script, {.time_s = 0.2}),
            "it: did not finish within 0.2 s; make it faster or allow it more time");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  EXPECT_FALSE(std::filesystem::exists(alive));
}

TEST(Process, EndsWithTheProgramThoughAChildHoldsItsOutput) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(shell("sleep 60 & echo done"), "done\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(Process, AHangingOneThatClosedItsOutputIsKilledToo) {
  EXPECT_EQ(refusal("exec >&- 2>&- <&-; sleep 60", {.time_s = 0.2}),
            "it: did not finish within 0.2 s; make it faster or allow it more time");
}

}  // namespace
}  // namespace deepscaler
