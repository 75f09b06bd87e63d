#include "base/signals.h"

#include <atomic>
#include <csignal>

#include "base/error.h"

namespace deepscaler {
namespace {

std::atomic<bool> stop_flag = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may not wait for a lock");

void on_signal(int) { stop_flag = true; }

}  // namespace

void install_stop_signals() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  // The default handling comes back after the first signal: the second one ends the process.
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool stop_requested() { return stop_flag; }

void throw_if_stop_requested() {
  if (stop_requested()) throw Interrupted();
}

}  // namespace deepscaler
