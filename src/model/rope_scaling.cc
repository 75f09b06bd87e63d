#include "model/rope_scaling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "base/error.h"

namespace deepscaler {
namespace {

using nlohmann::json;

// One overload a kind, for std::visit.
template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

double llama3_frequency(const Llama3RopeScaling& s, double f) {
  const double wavelength = 2 * std::numbers::pi / f;
  const auto original = static_cast<double>(s.original_context);
  const double smooth =
      (original / wavelength - s.low_freq_factor) / (s.high_freq_factor - s.low_freq_factor);
  return f / s.factor + std::clamp(smooth, 0.0, 1.0) * (f - f / s.factor);
}

// The share of each pair's frequency that is divided: 0 before the ramp, 1 behind it.
class YarnRamp {
 public:
  YarnRamp(const YarnRopeScaling& s, double theta, int64_t head_dim) {
    const auto width = static_cast<double>(head_dim);
    // The pair that turns so many times within the original context.
    const auto pair = [&](double rotations) {
      return width * std::log(static_cast<double>(s.original_context) / (rotations * 2 * std::numbers::pi)) /
             (2 * std::log(theta));
    };
    const double low = s.truncate ? std::floor(pair(s.beta_fast)) : pair(s.beta_fast);
    const double high = s.truncate ? std::ceil(pair(s.beta_slow)) : pair(s.beta_slow);
    begin_ = std::max(low, 0.0);
    end_ = std::min(high, width - 1);
    if (begin_ == end_) end_ += 0.001;
  }
  [[nodiscard]] double at(size_t pair) const {
    return std::clamp((static_cast<double>(pair) - begin_) / (end_ - begin_), 0.0, 1.0);
  }

 private:
  double begin_, end_;
};

}  // namespace

double yarn_attention_factor(double factor) { return factor <= 1 ? 1 : 0.1 * std::log(factor) + 1; }

std::vector<double> rope_frequencies(double theta, int64_t head_dim, const RopeScaling& scaling) {
  std::vector<double> frequencies(static_cast<size_t>(head_dim / 2));
  for (size_t i = 0; i < frequencies.size(); ++i) {
    frequencies[i] = std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(head_dim));
  }
  if (const auto* linear = std::get_if<LinearRopeScaling>(&scaling)) {
    for (double& f : frequencies) f /= linear->factor;
  } else if (const auto* llama3 = std::get_if<Llama3RopeScaling>(&scaling)) {
    for (double& f : frequencies) f = llama3_frequency(*llama3, f);
  } else if (const auto* yarn = std::get_if<YarnRopeScaling>(&scaling)) {
    const YarnRamp ramp(*yarn, theta, head_dim);
    for (size_t i = 0; i < frequencies.size(); ++i) {
      frequencies[i] = frequencies[i] / yarn->factor * ramp.at(i) + frequencies[i] * (1 - ramp.at(i));
    }
  }
  return frequencies;
}

double rope_magnitude(const RopeScaling& scaling) {
  const auto* yarn = std::get_if<YarnRopeScaling>(&scaling);
  return yarn ? yarn->attention_factor : 1;
}

void check_rope_scaling(const RopeScaling& scaling, const std::string& where) {
  const auto require = [&](bool holds) {
    if (!holds) {
      throw Error(where, "RoPE scaling out of range: " + rope_scaling_json(scaling).dump(),
                  "compare with a published model");
    }
  };
  const auto factor_of = [&](double factor) { require(factor >= 1 && factor < 1e9); };
  std::visit(Overloaded{
                 [](std::monostate) {},
                 [&](const LinearRopeScaling& s) { factor_of(s.factor); },
                 [&](const DynamicRopeScaling& s) { factor_of(s.factor); },
                 [&](const Llama3RopeScaling& s) {
                   factor_of(s.factor);
                   require(s.low_freq_factor > 0 && s.high_freq_factor > s.low_freq_factor &&
                           s.original_context > 0);
                 },
                 [&](const YarnRopeScaling& s) {
                   factor_of(s.factor);
                   require(s.original_context > 0 && s.beta_slow > 0 && s.beta_fast >= s.beta_slow &&
                           s.attention_factor > 0 && s.attention_factor < 1e6);
                 },
             },
             scaling);
}

std::string rope_scaling_text(const RopeScaling& scaling) {
  return std::visit(
      Overloaded{
          [](std::monostate) { return std::string(); },
          [](const LinearRopeScaling& s) { return fmt::format("linear scaling by {}", s.factor); },
          [](const DynamicRopeScaling& s) {
            return fmt::format("dynamic scaling by {}, which begins where the context ends", s.factor);
          },
          [](const Llama3RopeScaling& s) {
            return fmt::format("Llama 3 scaling by {} beyond {}", s.factor, s.original_context);
          },
          [](const YarnRopeScaling& s) {
            return fmt::format("YaRN scaling by {} beyond {}", s.factor, s.original_context);
          },
      },
      scaling);
}

json rope_scaling_json(const RopeScaling& scaling) {
  return std::visit(Overloaded{
                        [](std::monostate) { return json(); },
                        [](const LinearRopeScaling& s) {
                          return json{{"rope_type", "linear"}, {"factor", s.factor}};
                        },
                        [](const DynamicRopeScaling& s) {
                          return json{{"rope_type", "dynamic"}, {"factor", s.factor}};
                        },
                        [](const Llama3RopeScaling& s) {
                          return json{{"rope_type", "llama3"},
                                      {"factor", s.factor},
                                      {"low_freq_factor", s.low_freq_factor},
                                      {"high_freq_factor", s.high_freq_factor},
                                      {"original_max_position_embeddings", s.original_context}};
                        },
                        [](const YarnRopeScaling& s) {
                          return json{{"rope_type", "yarn"},
                                      {"factor", s.factor},
                                      {"original_max_position_embeddings", s.original_context},
                                      {"attention_factor", s.attention_factor},
                                      {"beta_fast", s.beta_fast},
                                      {"beta_slow", s.beta_slow},
                                      {"truncate", s.truncate}};
                        },
                    },
                    scaling);
}

}  // namespace deepscaler
