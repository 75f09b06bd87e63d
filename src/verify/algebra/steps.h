// The bound of one comparison: work is counted in steps of roughly 100 ns, and stops when they are
// used up. A count instead of a clock makes a verdict the same on every machine and in every thread.
#pragma once

#include <algorithm>
#include <cstdint>

namespace deepscaler {

class Steps {
 public:
  explicit Steps(int64_t limit) : limit_(limit) {}

  // Counts `steps` and says whether the work they stand for may be done.
  [[nodiscard]] bool spend(int64_t steps) {
    used_ = steps <= limit_ - used_ ? used_ + steps : limit_ + 1;  // what may not be done is not counted
    return used_ <= limit_;
  }
  [[nodiscard]] bool exhausted() const { return used_ > limit_; }
  [[nodiscard]] int64_t used() const { return used_; }
  // As many steps as are left, at most `most`, for work that may be given up.
  [[nodiscard]] Steps at_most(int64_t most) const { return Steps(std::min(most, limit_ - used_)); }

 private:
  int64_t limit_;
  int64_t used_ = 0;
};

}  // namespace deepscaler
