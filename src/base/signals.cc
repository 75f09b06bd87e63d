#include "base/signals.h"

#include <csignal>

#include "base/error.h"

namespace deepscaler {
namespace {

volatile std::sig_atomic_t stop_flag = 0;

void on_signal(int) { stop_flag = 1; }

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

bool stop_requested() { return stop_flag != 0; }

void throw_if_stop_requested() {
  if (stop_requested()) throw Interrupted();
}

}  // namespace deepscaler
