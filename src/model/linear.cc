#include "model/linear.h"

#include "ops/kernel_target.h"

namespace deepscaler {
namespace {

template <class Outputs>
auto with_panels(const Model& model, const Projections<int, Outputs>& projections) {
  return projections.changed([&](const auto& p) {
    return Projection<ConstPanelView, Outputs>{model.panels(p.weight), p.outputs};
  });
}

template <class Outputs>
auto with_rounded_panels(const Model& model, const Projections<int, Outputs>& projections) {
  return projections.changed([&](const auto& p) {
    return Projection<Bf16PanelView, Outputs>{model.rounded_panels(p.weight), p.outputs};
  });
}

}  // namespace

void linear(const Model& model, ConstMatrixView x, Projections<int, MatrixView> projections,
            Accumulate accumulate) {
  switch (model.compute_type()) {
    case ComputeType::kF32:
      return matmul(x, with_panels(model, projections), accumulate);
    case ComputeType::kBf16:
      return matmul_bf16(x, with_rounded_panels(model, projections), accumulate);
  }
}

ComputeType backward_compute_type(const Model& model) {
  return bf16_is_fast() ? model.compute_type() : ComputeType::kF32;
}

void linear_dx(const Model& model, Projections<int, ConstMatrixView> projections, MatrixView dx) {
  switch (backward_compute_type(model)) {
    case ComputeType::kF32:
      return matmul_dx(with_panels(model, projections), dx);
    case ComputeType::kBf16:
      return matmul_bf16_dx(with_rounded_panels(model, projections), dx);
  }
}

void linear_dw(const Model& model, Projections<int, ConstMatrixView> projections, ConstMatrixView x,
               float* gradients) {
  const auto with_gradients = projections.changed([&](const auto& p) {
    return Projection<PanelView, ConstMatrixView>{panels_of(model.table(), gradients, p.weight), p.outputs};
  });
  switch (backward_compute_type(model)) {
    case ComputeType::kF32:
      return matmul_dw(with_gradients, x);
    case ComputeType::kBf16:
      return matmul_bf16_dw(with_gradients, x);
  }
}

}  // namespace deepscaler
