#include "cost/schedule/length_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace deepscaler {
namespace {

// Of a distribution that is a formula; the mean of so many is within a thousandth of the distribution's.
constexpr int kQuantiles = 4096;
constexpr double kNormalP90 = 1.2815515655446004;  // of the standard normal distribution

// The standard normal quantile: Newton's method on the distribution function, from 0.
double normal_quantile(double share) {
  double z = 0;
  for (int i = 0; i < 60; ++i) {
    const double above = share - 0.5 * std::erfc(-z / std::sqrt(2.0));
    const double density = std::exp(-z * z / 2) / std::sqrt(2 * M_PI);
    z += std::clamp(above / density, -0.5, 0.5);
  }
  return z;
}

}  // namespace

LengthModel LengthModel::of_samples(std::vector<int64_t> lengths) {
  DEEPSCALER_CHECK(!lengths.empty());
  std::ranges::sort(lengths);
  return LengthModel({lengths.begin(), lengths.end()});
}

// mean = exp(mu + s^2 / 2) and p90 = exp(mu + z s), so s^2 / 2 - z s + ln(p90 / mean) = 0. The smaller root
// is the distribution without a tail beyond reason.
LengthModel LengthModel::log_normal(double mean, double p90) {
  const double root = kNormalP90 * kNormalP90 - 2 * std::log(p90 / mean);
  if (!(mean > 0) || !(p90 > mean) || root < 0) {
    throw Error("lengths",
                fmt::format("no distribution has a mean of {} and a 90th percentile of {}", mean, p90),
                "give 0 < mean < p90 <= 2.27 mean");
  }
  const double s = kNormalP90 - std::sqrt(root), mu = std::log(mean) - s * s / 2;
  std::vector<double> quantiles;
  for (int i = 0; i < kQuantiles; ++i) {
    quantiles.push_back(std::exp(mu + s * normal_quantile((i + 0.5) / kQuantiles)));
  }
  return LengthModel(std::move(quantiles));
}

LengthModel LengthModel::constant(int64_t tokens) { return LengthModel({static_cast<double>(tokens)}); }

int64_t LengthModel::at(double share, int64_t limit) const {
  const auto count = static_cast<double>(quantiles_.size());
  const auto i = static_cast<size_t>(std::min(share * count, count - 1));
  return std::clamp<int64_t>(std::llround(quantiles_[i]), 1, limit);
}

double LengthModel::mean(int64_t limit) const {
  double sum = 0;
  for (const double length : quantiles_) sum += std::clamp(length, 1.0, static_cast<double>(limit));
  return sum / static_cast<double>(quantiles_.size());
}

LengthModel LengthModel::scaled(double factor) const {
  std::vector<double> quantiles = quantiles_;
  for (double& length : quantiles) length *= factor;
  return LengthModel(std::move(quantiles));
}

}  // namespace deepscaler
