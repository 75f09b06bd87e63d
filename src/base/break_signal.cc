#include "base/break_signal.h"

#include <atomic>
#include <csignal>

namespace deepscaler {
namespace {

std::atomic<bool> break_flag = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may not wait for a lock");

struct sigaction before_break = {};

}  // namespace

BreakSignal::BreakSignal() {
  break_flag = false;
  struct sigaction action = {};
  action.sa_handler = [](int) { break_flag = true; };
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &before_break);
}

BreakSignal::~BreakSignal() { sigaction(SIGINT, &before_break, nullptr); }

bool BreakSignal::came() const { return break_flag; }

}  // namespace deepscaler
