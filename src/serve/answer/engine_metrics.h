// What a server counts, and how Prometheus reads it.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace deepscaler {

// Counts of values by their upper bounds, in seconds.
struct Histogram {
  static constexpr std::array<double, 12> kBounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                     0.5,   1,    2.5,   5,    10,  60};
  std::array<int64_t, kBounds.size()> counts{};
  int64_t count = 0;
  double sum = 0;

  void add(double value);
};

struct EngineMetrics {
  int64_t requests_open = 0;     // being answered, or waiting
  int64_t requests_refused = 0;  // for want of room
  int64_t requests_finished = 0, requests_failed = 0, requests_abandoned = 0;
  int64_t samples_running = 0;
  int64_t prompt_tokens = 0;  // of questions whose prompt is read
  int64_t reused_tokens = 0;  // of those, there already
  int64_t generated_tokens = 0;
  int64_t passes = 0;
  double busy_seconds = 0;  // in passes
  int64_t preemptions = 0;
  Histogram first_token_seconds;  // from the question to its first token
  Histogram token_seconds;        // between a question's passes that gave it tokens
};

// The text format 0.0.4, with names that begin with deepscaler_. Nothing in it tells what was asked.
[[nodiscard]] std::string prometheus_text(const EngineMetrics& metrics);

}  // namespace deepscaler
