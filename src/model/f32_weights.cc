#include "model/f32_weights.h"

namespace deepscaler {

std::unique_ptr<WeightForm> make_f32_form(const ParameterTable& table, const float* values) {
  return std::make_unique<F32Weights>(table, values);
}

void F32Weights::forward(ConstMatrixView x, const Projections<int, MatrixView>& projections,
                         Accumulate accumulate) const {
  matmul(x, projections.changed([&](const auto& p) {
    return Projection<ConstPanelView, MatrixView>{panels(p.weight), p.outputs};
  }),
         accumulate);
}

void F32Weights::dx(const Projections<int, ConstMatrixView>& projections, MatrixView dx,
                    Accumulate accumulate) const {
  matmul_dx(projections.changed([&](const auto& p) {
    return Projection<ConstPanelView, ConstMatrixView>{panels(p.weight), p.outputs};
  }),
            dx, accumulate);
}

void F32Weights::dw(const Projections<int, ConstMatrixView>& projections, ConstMatrixView x,
                    float* gradients) const {
  const auto trained = gradient_projections(projections, gradients);
  if (!trained.empty()) matmul_dw(trained, x);
}

void F32Weights::read_row(int weight, int64_t row, std::span<float> out) const {
  const PlacedRow from = row_of(table_[weight], row);
  for (size_t i = 0; i < out.size(); ++i) out[i] = values_[from.offset + static_cast<int64_t>(i) * from.step];
}

std::vector<Projection<PanelView, ConstMatrixView>> F32Weights::gradient_projections(
    const Projections<int, ConstMatrixView>& projections, float* gradients) const {
  std::vector<Projection<PanelView, ConstMatrixView>> trained;
  for (const auto& p : projections) {
    if (table_[p.weight].trainable) trained.push_back({panels_of(table_, gradients, p.weight), p.outputs});
  }
  return trained;
}

}  // namespace deepscaler
