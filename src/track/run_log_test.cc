#include "track/run_log.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

class RunLogTest : public testing::Test {
 protected:
  std::string lines() const { return read_file(run_.metrics()); }

  const TemporaryFolder temporary_;
  const RunLayout run_{temporary_.path()};
};

Metrics loss(double value) {
  Metrics metrics;
  metrics.set("loss", value);
  return metrics;
}

TEST_F(RunLogTest, WritesOneLineAStep) {
  RunLog log(run_);
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
  RunLogSizes at_two;
  {
    RunLog log(run_);
    for (int step = 0; step <= 4; ++step) {
      log.record(step, loss(step));
      if (step == 2) at_two = log.sizes();
    }
    unbroken = lines();
  }
  // A second record of a step, and one that a full disk cut off.
  write_file_atomically(run_.metrics(), unbroken + "{\"step\":4,\"stage\":0}\n{\"step\":5,\"lo");
  const auto events = fs::file_size(run_.events());
  {
    RunLog log(run_, at_two);
    EXPECT_EQ(log.sizes(), at_two);
    for (int step = 3; step <= 4; ++step) log.record(step, loss(step));
  }
  EXPECT_EQ(lines(), unbroken);
  EXPECT_EQ(fs::file_size(run_.events()), events);
  { RunLog log(run_); }
  EXPECT_EQ(lines(), "");
}

TEST_F(RunLogTest, RefusesRecordsThatEndBeforeTheCheckpoint) {
  write_file_atomically(run_.metrics(), "{\"step\":1}\n");
  try {
    RunLog log(run_, {.metrics_bytes = 12});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(
        std::string(error.what()),
        run_.metrics().string() +
            ": has 11 bytes and had 12 when the checkpoint was saved; put the file back, or start a new "
            "run from the checkpoint");
  }
}

}  // namespace
}  // namespace deepscaler
