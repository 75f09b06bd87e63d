#include "model/linear.h"

#include "ops/kernel_target.h"

namespace deepscaler {
namespace {

bool backward_in_bf16(const Model& model) {
  return model.compute_type() == ComputeType::kBf16 && bf16_is_fast();
}

}  // namespace

void linear(const Model& model, ConstMatrixView x, int weight, MatrixView y, Accumulate accumulate) {
  switch (model.compute_type()) {
    case ComputeType::kF32:
      return matmul(x, model.panels(weight), y, accumulate);
    case ComputeType::kBf16:
      return matmul_bf16(x, model.rounded_panels(weight), y, accumulate);
  }
}

void linear_dx(const Model& model, ConstMatrixView dy, int weight, MatrixView dx, Accumulate accumulate) {
  if (backward_in_bf16(model)) return matmul_bf16_dx(dy, model.rounded_panels(weight), dx, accumulate);
  matmul_dx(dy, model.panels(weight), dx, accumulate);
}

void linear_dw(const Model& model, ConstMatrixView dy, ConstMatrixView x, int weight, float* gradients) {
  const PanelView gradient = panels_of(model.table(), gradients, weight);
  if (backward_in_bf16(model)) return matmul_bf16_dw(dy, x, gradient);
  matmul_dw(dy, x, gradient);
}

}  // namespace deepscaler
