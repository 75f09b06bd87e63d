#include "model/linear.h"

namespace deepscaler {

void linear(const Model& model, ConstMatrixView x, int weight, MatrixView y, Accumulate accumulate) {
  switch (model.compute_type()) {
    case ComputeType::kF32:
      return matmul(x, model.panels(weight), y, accumulate);
    case ComputeType::kBf16:
      return matmul_bf16(x, model.rounded_panels(weight), y, accumulate);
  }
}

}  // namespace deepscaler
