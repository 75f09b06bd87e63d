// How long responses are: a distribution of their numbers of tokens, stated or taken from responses that are
// there. Lengths of responses are independent here; in truth those of one problem resemble each other, which
// moves what slots wait for a little and sums not at all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace deepscaler {

// Immutable, thread-safe.
class LengthModel {
 public:
  // The lengths of responses that are there; at least one (CHECK).
  [[nodiscard]] static LengthModel of_samples(std::vector<int64_t> lengths);
  // The log-normal distribution of that mean and 90th percentile, in tokens. Throws Error where there is
  // none: 0 < mean < p90 <= 2.27 mean.
  [[nodiscard]] static LengthModel log_normal(double mean, double p90);
  // All of one length.
  [[nodiscard]] static LengthModel constant(int64_t tokens);

  // The length at a share of the distribution, 0 < share < 1, at least 1 and at most `limit`: as the program
  // cuts a response.
  [[nodiscard]] int64_t at(double share, int64_t limit) const;
  // The mean under the limit.
  [[nodiscard]] double mean(int64_t limit) const;
  // All lengths times a factor.
  [[nodiscard]] LengthModel scaled(double factor) const;

 private:
  explicit LengthModel(std::vector<double> quantiles) : quantiles_(std::move(quantiles)) {}

  std::vector<double> quantiles_;  // ascending, at equal shares
};

}  // namespace deepscaler
