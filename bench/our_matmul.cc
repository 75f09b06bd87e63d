#include "our_matmul.h"

#include "ops/kernel_target.h"
#include "ops/matmul/bf16_matmul.h"
#include "ops/matmul/matmul.h"
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
        return matmul(x(), {{weight(weight_copy), result_.view()}});
      case Product::kDx:
        return matmul_dx({{weight(weight_copy), dy()}}, result_.view());
      case Product::kDw:  // adds to what is there, as gradients of several micro-batches do
        return matmul_dw({{gradient(), dy()}}, x());
    }
  }

  float at(int64_t row, int64_t column) override {
    return problem_.product == Product::kDw ? gradient_[panel_offset(problem_.in, row, column)]
                                            : result_.row(row)[column];
  }

 protected:
  ConstMatrixView x() const { return {problem_.x, problem_.rows, problem_.in}; }
  ConstMatrixView dy() const { return {problem_.dy, problem_.rows, problem_.out}; }
  ConstPanelView weight(int copy) const {
    return {weights_[static_cast<size_t>(copy)].data(), problem_.out, problem_.in};
  }
  PanelView gradient() { return {gradient_.data(), problem_.out, problem_.in}; }

  Problem problem_;
  std::vector<Buffer<float>> weights_;
  Buffer<float> gradient_;
  Matrix result_;
};

class OurBf16Run : public OurRun {
 public:
  explicit OurBf16Run(const Problem& problem) : OurRun(problem) {
    for (size_t i = 0; i < weights_.size(); ++i) {
      Buffer<float> pairs(bf16_panel_size(problem.out, problem.in));
      pack_bf16_panels(weight(static_cast<int>(i)), pairs.data());
      weights_[i] = std::move(pairs);
    }
  }

  void compute(int weight_copy) override {
    switch (problem_.product) {
      case Product::kForward:
        return matmul_bf16(x(), {{rounded_weight(weight_copy), result_.view()}});
      case Product::kDx:
        return matmul_bf16_dx({{rounded_weight(weight_copy), dy()}}, result_.view());
      case Product::kDw:
        return matmul_bf16_dw({{gradient(), dy()}}, x());
    }
  }

 private:
  Bf16PanelView rounded_weight(int copy) const {
    return {weights_[static_cast<size_t>(copy)].data(), problem_.out, problem_.in};
  }
};

}  // namespace

Contender our_bf16_matmul() {
  return {.name = "deepscaler bf16",
          .tolerance = 1e-2,
          .set_up = [](const Problem& problem) -> std::unique_ptr<Run> {
            if (problem.product != Product::kForward && !bf16_is_native()) return nullptr;  // they are in f32
            return std::make_unique<OurBf16Run>(problem);
          }};
}

Contender our_matmul() {
  return {.name = "deepscaler",
          .set_up = [](const Problem& problem) { return std::make_unique<OurRun>(problem); }};
}

}  // namespace deepscaler::bench
