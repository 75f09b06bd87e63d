#include "base/signals.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>

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

TEST(SignalsDeathTest, OnlyDroppableWorkIsLeft) {
  EXPECT_EXIT(
      {
        install_stop_signals();
        std::raise(SIGTERM);
        drop_if_stop_requested();
        bool left = false;
        try {
          const DroppableWork droppable;
          drop_if_stop_requested();
        } catch (const Interrupted&) {
          left = true;
        }
        drop_if_stop_requested();
        std::_Exit(left ? 7 : 1);
      },
      testing::ExitedWithCode(7), "");
}

TEST(SignalsDeathTest, SecondSignalEnds) {
  EXPECT_EXIT(
      {
        install_stop_signals(std::chrono::milliseconds(0));
        std::raise(SIGINT);
        std::raise(SIGINT);
        std::_Exit(1);
      },
      testing::KilledBySignal(SIGINT), "");
}

TEST(SignalsDeathTest, TwoSignalsAtOnceAreOneRequest) {
  for (int second : {SIGINT, SIGTERM})
    EXPECT_EXIT(
        {
          install_stop_signals(std::chrono::hours(1));
          std::raise(SIGTERM);
          std::raise(second);
          std::_Exit(stop_requested() ? 7 : 1);
        },
        testing::ExitedWithCode(7), "^stopping\n$");
}

TEST(SignalsDeathTest, TheFirstIsAnsweredWithTheInnermostNotice) {
  EXPECT_EXIT(
      {
        install_stop_signals();
        const StopNotice outer("finishing the stage");
        { const StopNotice over("finishing what is over"); }
        const StopNotice inner("finishing step 3, then saving");
        std::raise(SIGINT);
        std::_Exit(7);
      },
      testing::ExitedWithCode(7), "^finishing step 3, then saving\n$");
  EXPECT_EXIT(
      {
        install_stop_signals();
        { const StopNotice over(std::string(5000, 'x')); }
        std::raise(SIGINT);
        std::_Exit(7);
      },
      testing::ExitedWithCode(7), "^stopping\n$");
}

}  // namespace
}  // namespace deepscaler
