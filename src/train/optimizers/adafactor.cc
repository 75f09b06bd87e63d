#include "train/optimizers/adafactor.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/integer.h"
#include "base/parallel.h"
#include "tensor/buffer.h"
#include "train/optimizers/state_file.h"

namespace deepscaler {
namespace {

constexpr double kFloor = 1e-30;  // of a squared gradient
constexpr double kDecayExponent = -0.8;
constexpr int64_t kColumnsOfTask = 64;

// Numbers that are kept of a parameter: its rows' means, then its columns'; of a vector one each.
int64_t kept(const ParameterInfo& p) { return p.is_matrix() ? p.rows + p.cols : p.cols; }

int64_t state_size(const ParameterTable& table) {
  int64_t size = 0;
  for (const ParameterInfo& p : table.trainable()) size += kept(p);
  return size;
}

// The gradient of one parameter, scaled, by row and column.
class Gradient {
 public:
  Gradient(const ParameterInfo& p, const float* gradients, float clip)
      : p_(p), gradients_(gradients), clip_(clip) {}
  // body(column, place in the flat array, value) along a row.
  template <class Body>
  void along_row(int64_t row, const Body& body) const {
    const PlacedRow place = row_of(p_, row);
    for (int64_t c = 0; c < p_.cols; ++c) {
      const int64_t at = place.offset + c * place.step;
      body(c, at, clip_ * gradients_[at]);
    }
  }
  // Adds the squares of the columns [first, last) up, row after row.
  void add_squares(int64_t first, int64_t last, double* sums) const {
    for (int64_t r = 0; r < p_.rows; ++r) {
      const PlacedRow place = row_of(p_, r);
      for (int64_t c = first; c < last; ++c) {
        const double g = clip_ * gradients_[place.offset + c * place.step];
        sums[c] += g * g + kFloor;
      }
    }
  }

 private:
  const ParameterInfo& p_;
  const float* gradients_;
  float clip_;
};

void blend(double b2, std::span<const double> sums, int64_t count, float* means) {
  for (size_t i = 0; i < sums.size(); ++i) {
    means[i] = static_cast<float>(b2 * means[i] + (1 - b2) * sums[i] / static_cast<double>(count));
  }
}

class Adafactor final : public StateOptimizer {
 public:
  explicit Adafactor(const ParameterTable& table) : table_(table), means_(state_size(table)) {}

  void reset() override {
    std::ranges::fill(means_.span(), 0.0f);
    steps_ = 0;
  }

  double step(const OptimizerConfig& config, float lr, std::span<const float> gradients,
              float* weights) override {
    const double norm = checked_norm(table_, gradients);
    const float clip = clip_factor(config, norm);
    ++steps_;
    const double b2 = 1 - std::pow(static_cast<double>(steps_), kDecayExponent);
    float* means = means_.data();
    for (const ParameterInfo& p : table_.trainable()) {
      const Gradient gradient(p, gradients.data(), clip);
      if (p.is_matrix()) {
        update_means(p, gradient, b2, means);
        update_matrix(p, gradient, means, 1 - lr * config.weight_decay, lr, weights);
      } else {
        update_vector(p, gradient, b2, means, lr, weights);
      }
      means += kept(p);
    }
    return norm;
  }

 private:
  [[nodiscard]] std::vector<StateArray> arrays() const override {
    return {state_array("means", "F32", means_.span())};
  }

  static void update_means(const ParameterInfo& p, const Gradient& gradient, double b2, float* means) {
    std::vector<double> rows(static_cast<size_t>(p.rows)), columns(static_cast<size_t>(p.cols));
    parallel_for(p.rows, [&](int64_t r) {
      double sum = 0;
      gradient.along_row(r, [&](int64_t, int64_t, double g) { sum += g * g + kFloor; });
      rows[static_cast<size_t>(r)] = sum;
    });
    parallel_for(ceil_div(p.cols, kColumnsOfTask), [&](int64_t task) {
      gradient.add_squares(task * kColumnsOfTask, std::min(p.cols, (task + 1) * kColumnsOfTask),
                           columns.data());
    });
    blend(b2, rows, p.cols, means);
    blend(b2, columns, p.rows, means + p.rows);
  }

  static void update_matrix(const ParameterInfo& p, const Gradient& gradient, const float* means, float keep,
                            float lr, float* weights) {
    const float *rows = means, *columns = means + p.rows;
    const double mean = std::accumulate(rows, rows + p.rows, 0.0) / static_cast<double>(p.rows);
    const auto update = [&](int64_t r, int64_t c, double g) {
      return g / std::sqrt(rows[r] / mean * columns[c]);
    };
    std::vector<double> squares(static_cast<size_t>(p.rows));
    parallel_for(p.rows, [&](int64_t r) {
      double sum = 0;
      gradient.along_row(r, [&](int64_t c, int64_t, double g) { sum += std::pow(update(r, c, g), 2); });
      squares[static_cast<size_t>(r)] = sum;
    });
    const double rate = lr / clipping(std::accumulate(squares.begin(), squares.end(), 0.0), p.rows * p.cols);
    parallel_for(p.rows, [&](int64_t r) {
      gradient.along_row(r, [&](int64_t c, int64_t at, double g) {
        weights[at] = keep * weights[at] - static_cast<float>(rate * update(r, c, g));
      });
    });
  }

  static void update_vector(const ParameterInfo& p, const Gradient& gradient, double b2, float* means,
                            float lr, float* weights) {
    double sum = 0;
    gradient.along_row(0, [&](int64_t c, int64_t, double g) {
      means[c] = static_cast<float>(b2 * means[c] + (1 - b2) * (g * g + kFloor));
      sum += g * g / means[c];
    });
    const double rate = lr / clipping(sum, p.cols);
    gradient.along_row(0, [&](int64_t c, int64_t at, double g) {
      weights[at] -= static_cast<float>(rate * g / std::sqrt(static_cast<double>(means[c])));
    });
  }

  // max(1, rms) of an update.
  static double clipping(double squares, int64_t count) {
    return std::max(1.0, std::sqrt(squares / static_cast<double>(count)));
  }

  const ParameterTable& table_;
  mutable Buffer<float> means_;  // arrays() shows it to save() as to load()
};

}  // namespace

std::unique_ptr<Optimizer> make_adafactor(const ParameterTable& table) {
  return std::make_unique<Adafactor>(table);
}

int64_t adafactor_memory(const ParameterTable& table) {
  return state_size(table) * static_cast<int64_t>(sizeof(float));
}

}  // namespace deepscaler
