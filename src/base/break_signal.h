// Ctrl-C ends what is under way, and the program goes on.
#pragma once

namespace deepscaler {

// While this object lives, SIGINT sets its flag and does nothing else. At most one lives at a time.
class BreakSignal {
 public:
  BreakSignal();
  BreakSignal(const BreakSignal&) = delete;
  BreakSignal& operator=(const BreakSignal&) = delete;
  ~BreakSignal();  // SIGINT does what it did before

  [[nodiscard]] bool came() const;
};

}  // namespace deepscaler
