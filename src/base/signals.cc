#include "base/signals.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "base/error.h"

namespace deepscaler {
namespace {

std::atomic<bool> stop_flag = false;
std::atomic<bool> needs_agreement = false, is_agreed = false;
thread_local int droppable = 0;  // DroppableWork that lives
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may not wait for a lock");

// What the handler prints: fixed memory, since it may run while a notice goes out of scope.
constexpr size_t kMostNotices = 8, kLongestNotice = 300;
std::array<std::array<char, kLongestNotice>, kMostNotices> notices = {{{"stopping\n"}}};
std::atomic<size_t> notice_count = 1;

std::atomic<int64_t> asked_at_ms = 0;
int64_t patience_ms = 0;
bool on_terminal = false;

int64_t now_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

void print(const char* text) {
  // Nothing can be done in a handler where stderr is closed.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text, std::strlen(text));
}

// Only calls that are safe in a handler (signal-safety(7)).
void on_signal(int signal) {
  const int error = errno;
  if (!stop_flag.exchange(true)) {
    asked_at_ms = now_ms();
    if (on_terminal) print("\r\x1b[K");  // over the bar
    print(notices[std::min(notice_count.load(), kMostNotices) - 1].data());
  } else if (now_ms() - asked_at_ms >= patience_ms) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);  // delivered when this handler returns
  }
  errno = error;
}

}  // namespace

void install_stop_signals(std::chrono::milliseconds patience) {
  patience_ms = patience.count();
  on_terminal = isatty(STDERR_FILENO) != 0;
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGINT);
  sigaddset(&action.sa_mask, SIGTERM);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool stop_requested() { return needs_agreement ? is_agreed : stop_flag; }

void hold_stop_until_agreed() { needs_agreement = true; }

void agree_to_stop() { is_agreed = true; }

bool stop_pending() { return stop_flag; }

void throw_if_stop_requested() {
  if (stop_requested()) throw Interrupted();
}

DroppableWork::DroppableWork() { ++droppable; }
DroppableWork::~DroppableWork() { --droppable; }

void drop_if_stop_requested() {
  if (droppable > 0) throw_if_stop_requested();
}

StopNotice::StopNotice(std::string_view text) {
  const size_t count = notice_count;
  if (count < kMostNotices) {
    char* notice = notices[count].data();
    const size_t length = std::min(text.size(), kLongestNotice - 2);
    std::copy_n(text.data(), length, notice);
    notice[length] = '\n';
    notice[length + 1] = '\0';
  }
  notice_count = count + 1;
}

StopNotice::~StopNotice() { --notice_count; }

}  // namespace deepscaler
