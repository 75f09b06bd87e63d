#include "track/run_log.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/test_folder.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

class RunLogTest : public testing::Test {
 protected:
  std::string lines() const { return read_file(folder_ / "metrics.jsonl"); }

  const TestFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

Metrics loss(double value) {
  Metrics metrics;
  metrics.set("loss", value);
  return metrics;
}

TEST_F(RunLogTest, WritesOneLineAStep) {
  RunLog log(folder_, std::nullopt);
  Metrics metrics = loss(0.1);
  metrics.set("rewards/accuracy/mean", std::nan(""));
  metrics.set("loss", 0.25);
  log.record(1, metrics);
  log.record(2, loss(1e-7));
  log.sync();
  EXPECT_EQ(lines(),
            "{\"step\":1,\"loss\":0.25,\"rewards/accuracy/mean\":null}\n{\"step\":2,\"loss\":1e-07}\n");
}

TEST_F(RunLogTest, ResumedRunHasTheRecordsOfAnUnbrokenOne) {
  std::string unbroken;
  {
    RunLog log(folder_, std::nullopt);
    for (int step = 0; step <= 4; ++step) log.record(step, loss(step));
    unbroken = lines();
  }
  write_file_atomically(folder_ / "metrics.jsonl", unbroken + "{\"step\":5,\"lo");
  {
    RunLog log(folder_, 2);
    for (int step = 3; step <= 4; ++step) log.record(step, loss(step));
  }
  EXPECT_EQ(lines(), unbroken);
  { RunLog log(folder_, std::nullopt); }
  EXPECT_EQ(lines(), "");
}

TEST_F(RunLogTest, RefusesAFileThatIsNotItsOwn) {
  write_file_atomically(folder_ / "metrics.jsonl", "{\"step\":1}\nhello\n");
  try {
    RunLog log(folder_, 3);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              (folder_ / "metrics.jsonl").string() +
                  ":2: is not a line of metrics; remove the line, or start a new run");
  }
}

}  // namespace
}  // namespace deepscaler
