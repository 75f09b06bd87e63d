#include "base/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/log.h"

namespace deepscaler {
namespace {

constexpr std::chrono::milliseconds kTerminalInterval{100};
constexpr std::chrono::milliseconds kPlainInterval{10'000};
constexpr int kLongestBar = 20, kShortestBar = 5;

double rate(const ProgressState& state) {
  const int64_t done = state.done - state.start;
  return state.elapsed_s > 0 && done >= state.side_by_side ? static_cast<double>(done) / state.elapsed_s : 0;
}

// "120/500 steps", "4.1 steps/s", "eta 1m33s" and the caller's figures.
std::vector<std::string> parts(const ProgressState& state) {
  std::vector<std::string> texts;
  const double per_second = rate(state);
  const std::string total =
      state.total > 0 ? "/" + count_text(static_cast<double>(state.total)) : std::string();
  texts.push_back(fmt::format("{}{} {}", count_text(static_cast<double>(state.done)), total, state.unit));
  if (per_second >= 1)
    texts.push_back(fmt::format("{} {}/s", count_text(per_second), state.unit));
  else if (per_second > 0)
    texts.push_back(fmt::format("{:.1f}s each", 1 / per_second));
  if (per_second > 0 && state.total > state.done)
    texts.push_back("eta " + duration_text(static_cast<double>(state.total - state.done) / per_second));
  for (const auto& [name, value] : state.fields) texts.push_back(fmt::format("{} {}", name, value));
  return texts;
}

}  // namespace

std::string duration_text(double seconds) {
  if (!(seconds < 1e9)) return "?";
  const auto total = static_cast<int64_t>(std::llround(std::max(seconds, 0.0)));
  const int64_t s = total % 60, m = total / 60 % 60, h = total / 3600 % 24, d = total / 86400;
  if (d > 0) return fmt::format("{}d{:02}h", d, h);
  if (h > 0) return fmt::format("{}h{:02}m", h, m);
  if (m > 0) return fmt::format("{}m{:02}s", m, s);
  return fmt::format("{}s", s);
}

std::string count_text(double count) {
  constexpr const char* kSuffixes[] = {"", "k", "M", "G", "T", "P"};
  size_t power = 0;
  // From 10,000 up: below it, the digits say more than a suffix.
  if (std::abs(count) >= 9999.5)
    for (; std::abs(count) >= 999.5 && power + 1 < std::size(kSuffixes); ++power) count /= 1000;
  if (power > 0) return fmt::format("{:.3g}{}", count, kSuffixes[power]);
  if (count == std::floor(count) || std::abs(count) >= 100) return fmt::format("{:.0f}", count);
  return fmt::format("{:.1f}", count);
}

std::string progress_line(const ProgressState& state) {
  return fmt::format("{}: {}", state.label, fmt::join(parts(state), ", "));
}

std::string progress_bar(const ProgressState& state, int width) {
  const int limit = std::max(width - 1, 0);
  const std::string plain = progress_line(state).substr(0, static_cast<size_t>(limit));
  if (state.total <= 0) return plain;
  const double share = static_cast<double>(state.done) / static_cast<double>(state.total);
  const std::string figures = fmt::format("] {:3.0f}% {}", 100 * share, fmt::join(parts(state), ", "));
  const std::string head = state.label + " [";
  const int room = limit - static_cast<int>(head.size() + figures.size());
  if (room < kShortestBar) return plain;
  const int length = std::min(room, kLongestBar);
  const int filled = static_cast<int>(std::clamp(share, 0.0, 1.0) * length);
  return head + std::string(filled, '#') + std::string(length - filled, '.') + figures;
}

Progress::Progress(std::string label, std::string unit, int64_t total, int64_t start)
    : on_terminal_(stderr_is_terminal()), begin_(Clock::now()), last_shown_(begin_) {
  state_.label = std::move(label);
  state_.unit = std::move(unit);
  state_.total = total;
  state_.done = state_.start = start;
}

Progress::~Progress() {
  if (on_terminal_) draw_status_line("");
  if (!shown_ && !on_terminal_ && last_line_) show();
}

void Progress::within_a_step() {
  last_line_ = false;
  if (on_terminal_) show();
}

void Progress::set(std::string_view name, std::string value) {
  for (auto& field : state_.fields)
    if (field.first == name) {
      field.second = std::move(value);
      return;
    }
  state_.fields.emplace_back(name, std::move(value));
}

void Progress::update(int64_t done) {
  state_.done = done;
  shown_ = false;
  if (Clock::now() - last_shown_ >= (on_terminal_ ? kTerminalInterval : kPlainInterval)) show();
}

void Progress::show() {
  last_shown_ = Clock::now();
  shown_ = true;
  state_.elapsed_s = std::chrono::duration<double>(last_shown_ - begin_).count();
  if (on_terminal_)
    draw_status_line(progress_bar(state_, terminal_width()));
  else
    log_line(progress_line(state_));
}

}  // namespace deepscaler
