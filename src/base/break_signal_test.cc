#include "base/break_signal.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace deepscaler {
namespace {

TEST(BreakSignalTest, TheProgramGoesOnAndLaterSignalsAreOthers) {
  EXPECT_EXIT(
      {
        for (int i = 0; i < 2; ++i) {
          const BreakSignal signal;
          if (signal.came()) std::_Exit(1);
          std::raise(SIGINT);
          if (!signal.came()) std::_Exit(2);
        }
        std::raise(SIGINT);
        std::_Exit(3);
      },
      testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace deepscaler
