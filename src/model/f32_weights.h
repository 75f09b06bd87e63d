// Weights as their f32 values: matrices are in the panels that products read (ops/panels.h).
#pragma once

#include <vector>

#include "model/weights.h"

namespace deepscaler {

[[nodiscard]] std::unique_ptr<WeightForm> make_f32_form(const ParameterTable& table, const float* values);

// Other kinds stand on it where they need the exact values: the backward pass, the embedding.
class F32Weights : public WeightForm {
 public:
  F32Weights(const ParameterTable& table, const float* values) : table_(table), values_(values) {}

  void forward(ConstMatrixView x, const Projections<int, MatrixView>& projections,
               Accumulate accumulate) const override;
  void dx(const Projections<int, ConstMatrixView>& projections, MatrixView dx,
          Accumulate accumulate) const override;
  void dw(const Projections<int, ConstMatrixView>& projections, ConstMatrixView x,
          float* gradients) const override;
  void read_row(int weight, int64_t row, std::span<float> out) const override;
  void refresh() override {}

 protected:
  [[nodiscard]] const ParameterTable& table() const { return table_; }
  [[nodiscard]] ConstPanelView panels(int weight) const { return panels_of(table_, values_, weight); }
  // Of the projections whose weights are trainable.
  [[nodiscard]] std::vector<Projection<PanelView, ConstMatrixView>> gradient_projections(
      const Projections<int, ConstMatrixView>& projections, float* gradients) const;

 private:
  const ParameterTable& table_;
  const float* values_;
};

}  // namespace deepscaler
