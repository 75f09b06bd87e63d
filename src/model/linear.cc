#include "model/linear.h"

#include "ops/kernel_target.h"

namespace deepscaler {
void linear(const Model& model, ConstMatrixView x, int weight, MatrixView y, Accumulate accumulate) {
  switch (model.compute_type()) {
    case ComputeType::kF32:
      return matmul(x, model.panels(weight), y, accumulate);
    case ComputeType::kBf16:
      return matmul_bf16(x, model.rounded_panels(weight), y, accumulate);
  }
}

ComputeType backward_compute_type(const Model& model) {
  return bf16_is_fast() ? model.compute_type() : ComputeType::kF32;
}

void linear_dx(const Model& model, ConstMatrixView dy, int weight, MatrixView dx, Accumulate accumulate) {
  switch (backward_compute_type(model)) {
    case ComputeType::kF32:
      return matmul_dx(dy, model.panels(weight), dx, accumulate);
    case ComputeType::kBf16:
      return matmul_bf16_dx(dy, model.rounded_panels(weight), dx, accumulate);
  }
}

void linear_dw(const Model& model, ConstMatrixView dy, ConstMatrixView x, int weight, float* gradients) {
  const PanelView gradient = panels_of(model.table(), gradients, weight);
  switch (backward_compute_type(model)) {
    case ComputeType::kF32:
      return matmul_dw(dy, x, gradient);
    case ComputeType::kBf16:
      return matmul_bf16_dw(dy, x, gradient);
  }
}

}  // namespace deepscaler
