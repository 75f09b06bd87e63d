#include "our_matmul.h"

#include "ops/bf16_matmul.h"
#include "ops/matmul.h"
#include "tensor/matrix.h"

namespace deepscaler::bench {
namespace {

class OurRun : public Run {
 public:
  explicit OurRun(const Problem& problem) : problem_(problem) {
    const auto [product, rows, out, in, x, w, dy, weight_copies] = problem;
    if (product == Product::kDw) {
      gradient_ = Buffer<float>(panel_size(out, in));
      return;
    }
    result_ = Matrix(rows, product == Product::kForward ? out : in);
    for (int i = 0; i < weight_copies; ++i) {
      weights_.emplace_back(panel_size(out, in));
      pack_panels({w, out, in}, {weights_.back().data(), out, in});
    }
  }

  void compute(int weight_copy) override {
    const auto& p = problem_;
    switch (p.product) {
      case Product::kForward:
        return matmul({p.x, p.rows, p.in}, weight(weight_copy), result_.view());
      case Product::kDx:
        return matmul_dx({p.dy, p.rows, p.out}, weight(weight_copy), result_.view());
      case Product::kDw:  // adds to what is there, as gradients of several micro-batches do
        return matmul_dw({p.dy, p.rows, p.out}, {p.x, p.rows, p.in}, {gradient_.data(), p.out, p.in});
    }
  }

  float at(int64_t row, int64_t column) override {
    return problem_.product == Product::kDw ? gradient_[panel_offset(problem_.in, row, column)]
                                            : result_.row(row)[column];
  }

 private:
  ConstPanelView weight(int copy) const {
    return {weights_[static_cast<size_t>(copy)].data(), problem_.out, problem_.in};
  }

  Problem problem_;
  std::vector<Buffer<float>> weights_;
  Buffer<float> gradient_;
  Matrix result_;
};

class OurBf16Run : public Run {
 public:
  explicit OurBf16Run(const Problem& problem) : problem_(problem), result_(problem.rows, problem.out) {
    Buffer<float> panels(panel_size(problem.out, problem.in));
    pack_panels({problem.w, problem.out, problem.in}, {panels.data(), problem.out, problem.in});
    for (int i = 0; i < problem.weight_copies; ++i) {
      weights_.emplace_back(bf16_panel_size(problem.out, problem.in));
      pack_bf16_panels({panels.data(), problem.out, problem.in}, weights_.back().data());
    }
  }

  void compute(int weight_copy) override {
    const float* weight = weights_[static_cast<size_t>(weight_copy)].data();
    matmul_bf16({problem_.x, problem_.rows, problem_.in}, {weight, problem_.out, problem_.in},
                result_.view());
  }

  float at(int64_t row, int64_t column) override { return result_.row(row)[column]; }

 private:
  Problem problem_;
  std::vector<Buffer<float>> weights_;
  Matrix result_;
};

}  // namespace

Contender our_bf16_matmul() {
  return {.name = "deepscaler bf16",
          .tolerance = 1e-2,
          .set_up = [](const Problem& problem) -> std::unique_ptr<Run> {
            if (problem.product != Product::kForward) return nullptr;
            return std::make_unique<OurBf16Run>(problem);
          }};
}

Contender our_matmul() {
  return {.name = "deepscaler",
          .set_up = [](const Problem& problem) { return std::make_unique<OurRun>(problem); }};
}

}  // namespace deepscaler::bench
