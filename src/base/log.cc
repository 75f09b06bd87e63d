#include "base/log.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <mutex>
#include <string>

namespace deepscaler {
namespace {

constexpr std::string_view kEraseLine = "\r\x1b[K";

std::mutex mutex;
bool is_silent = false;   // guarded by the mutex
std::string status_line;  // what stands on the terminal's last line, guarded by the mutex

void write_out(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

void log_line(std::string_view line) {
  const std::lock_guard lock(mutex);
  if (is_silent) return;
  std::string text(status_line.empty() ? "" : kEraseLine);
  text.append(line).append("\n").append(status_line);
  write_out(text);
}

void silence_log() {
  const std::lock_guard lock(mutex);
  is_silent = true;
}

bool stderr_is_terminal() { return isatty(STDERR_FILENO) != 0; }

int terminal_width() {
  constexpr int kUnknownWidth = 80;
  winsize size;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUnknownWidth;
  return size.ws_col;
}

void draw_status_line(std::string_view line) {
  const std::lock_guard lock(mutex);
  if (is_silent || (line.empty() && status_line.empty())) return;
  status_line = line;
  write_out(std::string(kEraseLine) + status_line);
}

}  // namespace deepscaler
