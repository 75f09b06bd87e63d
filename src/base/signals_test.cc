#include "base/signals.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "base/error.h"

namespace deepscaler {
namespace {

// In child processes, because the flag stays set once raised.
using SignalsDeathTest = testing::Test;

TEST(SignalsDeathTest, FirstSignalOnlyAsks) {
  for (int signal : {SIGINT, SIGTERM})
    EXPECT_EXIT(
        {
          install_stop_signals();
          const bool before = stop_requested();
          std::raise(signal);
          bool thrown = false;
          try {
            throw_if_stop_requested();
          } catch (const Interrupted&) {
            thrown = true;
          }
          std::_Exit(!before && stop_requested() && thrown ? 7 : 1);
        },
        testing::ExitedWithCode(7), "");
}

TEST(SignalsDeathTest, SecondSignalEnds) {
  EXPECT_EXIT(
      {
        install_stop_signals();
        std::raise(SIGINT);
        std::raise(SIGINT);
        std::_Exit(1);
      },
      testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace deepscaler
