// Lines for the person at the terminal, on stderr (stdout is for results), and below them at most one
// status line that is redrawn in place (see base/progress.h). Thread-safe: lines never mix.
#pragma once

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace deepscaler {

// Writes one line above the status line.
void log_line(std::string_view line);

template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_line(fmt::format(format, std::forward<Args>(args)...));
}

// A line that starts with "warning: ".
template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_line("warning: " + fmt::format(format, std::forward<Args>(args)...));
}

// From now on nothing is written: of processes that compute one run together one speaks.
void silence_log();

// Whether stderr is a terminal, on which a line can be redrawn, and its width in columns.
[[nodiscard]] bool stderr_is_terminal();
[[nodiscard]] int terminal_width();

// Draws the status line over the last one; an empty line removes it. Only on a terminal.
void draw_status_line(std::string_view line);

}  // namespace deepscaler
