// Progress of something long: a bar with rate and remaining time on a terminal, elsewhere (a file, a
// pipe) a plain line every now and then, so that logs stay readable.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deepscaler {

// What is shown; a value, so that showing it is a pure function.
struct ProgressState {
  std::string label;         // "training"
  std::string unit;          // what is counted: "steps", "B"
  int64_t done = 0;          // so far
  int64_t start = 0;         // done before this process began (a resumed run): left out of the rate
  int64_t total = 0;         // 0 where unknown
  int64_t side_by_side = 1;  // under way at once: until as many are done, a rate would mislead
  double elapsed_s = 0;
  std::vector<std::pair<std::string, std::string>> fields;  // extra figures: {"loss", "0.412"}
};

// One line of at most `width` columns, with a bar where it fits and the total is known.
[[nodiscard]] std::string progress_bar(const ProgressState& state, int width);
// The state as one line of words, without a bar, of any width.
[[nodiscard]] std::string progress_line(const ProgressState& state);

// "47s", "3m05s", "2h07m", "3d04h".
[[nodiscard]] std::string duration_text(double seconds);
// 1234567 as "1.23M"; powers of ten.
[[nodiscard]] std::string count_text(double count);

// Shows a state while it changes. One thread owns it.
class Progress {
 public:
  Progress(std::string label, std::string unit, int64_t total, int64_t start = 0);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();  // removes the bar; elsewhere writes the last line if something changed since

  // `count` units are under way at a time and end in any order.
  void side_by_side(int64_t count) { state_.side_by_side = count; }
  // For work inside a step, which has a line of its own: a terminal shows the work at once, a log only if it
  // takes long.
  void within_a_step();
  // Replaces the total, where the first one was an upper bound.
  void set_total(int64_t total) { state_.total = total; }
  // Sets a figure beside the bar; the order of first setting is the order of showing.
  void set(std::string_view name, std::string value);
  // Moves to `done` and shows it, at most ten times a second (off a terminal: every ten seconds).
  void update(int64_t done);
  void advance(int64_t count = 1) { update(state_.done + count); }

 private:
  void show();

  using Clock = std::chrono::steady_clock;
  ProgressState state_;
  bool on_terminal_;
  bool last_line_ = true;
  bool shown_ = true;  // the present state was shown
  Clock::time_point begin_;
  Clock::time_point last_shown_;
};

}  // namespace deepscaler
