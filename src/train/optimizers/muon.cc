#include "train/optimizers/muon.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "ops/matmul/matmul.h"
#include "tensor/buffer.h"
#include "train/optimizers/adamw.h"
#include "train/optimizers/optimizer_tiles.h"
#include "train/optimizers/state_file.h"

namespace deepscaler {
namespace {

constexpr int kSteps = 5;
constexpr float kA = 3.4445f, kB = -4.7750f, kC = 2.0315f;
constexpr double kTiny = 1e-7;  // added to the norm

Matrix transposed(const Matrix& x) {
  Matrix out(x.cols(), x.rows());
  parallel_for(out.rows(), [&](int64_t r) {
    for (int64_t c = 0; c < out.cols(); ++c) out.row(r)[c] = x.row(c)[r];
  });
  return out;
}

// The products of a matrix with others, from panels of its own.
class Panels {
 public:
  explicit Panels(const Matrix& x)
      : memory_(panel_size(x.rows(), x.cols())), view_{memory_.data(), x.rows(), x.cols()} {
    pack_panels(x.view(), {memory_.data(), x.rows(), x.cols()});
  }
  // y x^T
  [[nodiscard]] Matrix times_transpose(const Matrix& y) const {
    Matrix out(y.rows(), view_.out);
    matmul(y.view(), {{view_, out.view()}});
    return out;
  }
  // y x
  [[nodiscard]] Matrix after(const Matrix& y) const {
    Matrix out(y.rows(), view_.in);
    matmul_dx({{view_, y.view()}}, out.view());
    return out;
  }

 private:
  Buffer<float> memory_;
  ConstPanelView view_;
};

// out = p x + q y
void combine(float p, const Matrix& x, float q, const Matrix& y, Matrix& out) {
  parallel_for(out.rows(), [&](int64_t r) {
    for (int64_t c = 0; c < out.cols(); ++c) out.row(r)[c] = p * x.row(r)[c] + q * y.row(r)[c];
  });
}

void scale(Matrix& x, float factor) {
  parallel_for(x.rows(), [&](int64_t r) {
    for (int64_t c = 0; c < x.cols(); ++c) x.row(r)[c] *= factor;
  });
}

bool is_hidden_matrix(const ParameterInfo& p) {
  const bool outer = p.name.starts_with("model.embed_tokens.") || p.name.starts_with("lm_head.") ||
                     p.name.starts_with("score.");
  return p.is_matrix() && !outer;
}

// How many numbers of state a parameter has.
int64_t kept(const ParameterInfo& p) { return is_hidden_matrix(p) ? p.size : 2 * p.size; }

int64_t state_size(const ParameterTable& table) {
  int64_t size = 0;
  for (const ParameterInfo& p : table.trainable()) size += kept(p);
  return size;
}

class Muon final : public StateOptimizer {
 public:
  explicit Muon(const ParameterTable& table) : table_(table), state_(state_size(table)) {}

  void reset() override {
    std::ranges::fill(state_.span(), 0.0f);
    steps_ = 0;
  }

  double step(const OptimizerConfig& config, float lr, std::span<const float> gradients,
              float* weights) override {
    const double norm = checked_norm(table_, gradients);
    const float clip = clip_factor(config, norm);
    ++steps_;
    float* state = state_.data();
    for (const ParameterInfo& p : table_.trainable()) {
      if (is_hidden_matrix(p))
        step_by_muon(p, config, lr, clip, gradients.data() + p.offset, state, weights);
      else
        step_by_adamw(p, adamw_coefficients(config, lr, clip, steps_, p), gradients.data() + p.offset, state,
                      weights + p.offset);
      state += kept(p);
    }
    return norm;
  }

 private:
  [[nodiscard]] std::vector<StateArray> arrays() const override {
    return {state_array("state", "F32", state_.span())};
  }

  static void step_by_adamw(const ParameterInfo& p, const AdamWCoefficients& c, const float* gradient,
                            float* m, float* weights) {
    float* v = m + p.size;
    for_each_tile(p.size, [&](int64_t, int64_t first, int64_t last) {
      optimizer_kernels().adamw(c, gradient + first, last - first, m + first, v + first, weights + first);
    });
  }

  static void step_by_muon(const ParameterInfo& p, const OptimizerConfig& config, float lr, float clip,
                           const float* gradient, float* momentum, float* weights) {
    const float beta = config.momentum;
    Buffer<float> ahead(p.size);  // Nesterov's: where the momentum will be
    for_each_tile(p.size, [&](int64_t, int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        const float g = clip * gradient[i];
        momentum[i] = beta * momentum[i] + (1 - beta) * g;
        ahead[i] = beta * momentum[i] + (1 - beta) * g;
      }
    });
    ParameterInfo alone = p;
    alone.offset = 0;
    Matrix update(p.rows, p.cols);
    read_parameter(alone, ahead.data(), update.view());
    orthogonalize(update);
    const float keep = 1 - lr * config.weight_decay;
    const float rate = lr * 0.2f * std::sqrt(static_cast<float>(std::max(p.rows, p.cols)));
    parallel_for(p.rows, [&](int64_t r) {
      const PlacedRow place = row_of(p, r);
      for (int64_t c = 0; c < p.cols; ++c) {
        float& w = weights[place.offset + c * place.step];
        w = keep * w - rate * update.row(r)[c];
      }
    });
  }

  const ParameterTable& table_;
  // Of a hidden matrix its momentum, of others the first and the second moment, one parameter after the
  // other.
  mutable Buffer<float> state_;  // arrays() shows it to save() as to load()
};

}  // namespace

void orthogonalize(Matrix& x) {
  const bool tall = x.rows() > x.cols();
  Matrix y = tall ? transposed(x) : std::move(x);
  const double norm = global_norm({y.data(), static_cast<size_t>(y.size())});
  scale(y, static_cast<float>(1 / (norm + kTiny)));
  for (int i = 0; i < kSteps; ++i) {
    const Panels panels(y);
    Matrix a = panels.times_transpose(y);
    const Matrix squared = Panels(a).times_transpose(a);  // A is symmetric
    combine(kB, a, kC, squared, a);
    combine(kA, y, 1, panels.after(a), y);
  }
  x = tall ? transposed(y) : std::move(y);
}

std::unique_ptr<Optimizer> make_muon(const ParameterTable& table) { return std::make_unique<Muon>(table); }

int64_t muon_memory(const ParameterTable& table) {
  return state_size(table) * static_cast<int64_t>(sizeof(float));
}

}  // namespace deepscaler
