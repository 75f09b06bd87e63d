// Measures how long things take, by a clock that is never set.
#pragma once

#include <chrono>
#include <utility>

namespace deepscaler {

class Stopwatch {
 public:
  // Since construction or the last lap.
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(Clock::now() - begin_).count();
  }

  // Seconds since construction or the last lap. Begins a new lap.
  [[nodiscard]] double lap() {
    const auto now = Clock::now();
    return std::chrono::duration<double>(now - std::exchange(begin_, now)).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
};

}  // namespace deepscaler
