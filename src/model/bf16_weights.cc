#include "model/bf16_weights.h"

#include "base/error.h"
#include "model/f32_weights.h"
#include "ops/kernel_target.h"
#include "ops/matmul/bf16_matmul.h"
#include "tensor/buffer.h"

namespace deepscaler {
namespace {

class Bf16Weights final : public F32Weights {
 public:
  Bf16Weights(const ParameterTable& table, const float* values) : F32Weights(table, values) {
    for (const ParameterInfo& p : table.all()) {
      if (p.layout == ParameterInfo::Layout::kPanels && p.cols % 2 != 0) {
        throw Error("dtype", fmt::format("'{}' has {} inputs, and bf16 takes them in pairs", p.name, p.cols),
                    "compute in f32");
      }
    }
    rounded_ = Buffer<float>(table.size() / 2);
    refresh();
  }

  void forward(ConstMatrixView x, const Projections<int, MatrixView>& projections,
               Accumulate accumulate) const override {
    matmul_bf16(x, rounded<MatrixView>(projections), accumulate);
  }

  void dx(const Projections<int, ConstMatrixView>& projections, MatrixView dx,
          Accumulate accumulate) const override {
    if (!bf16_is_fast()) return F32Weights::dx(projections, dx, accumulate);
    matmul_bf16_dx(rounded<ConstMatrixView>(projections), dx, accumulate);
  }

  void dw(const Projections<int, ConstMatrixView>& projections, ConstMatrixView x,
          float* gradients) const override {
    if (!bf16_is_fast()) return F32Weights::dw(projections, x, gradients);
    const auto trained = gradient_projections(projections, gradients);
    if (!trained.empty()) matmul_bf16_dw(trained, x);
  }

  void refresh() override {
    for (size_t i = 0; i < table().all().size(); ++i) {
      const ParameterInfo& p = table().all()[i];
      if (p.layout == ParameterInfo::Layout::kPanels && !p.in_blocks)
        pack_bf16_panels(panels(static_cast<int>(i)), rounded_.data() + p.offset / 2);
    }
  }

 private:
  template <class Outputs>
  [[nodiscard]] std::vector<Projection<Bf16PanelView, Outputs>> rounded(
      const Projections<int, Outputs>& projections) const {
    return projections.changed([&](const auto& projection) {
      const ParameterInfo& p = table()[projection.weight];
      return Projection<Bf16PanelView, Outputs>{{rounded_.data() + p.offset / 2, p.rows, p.cols},
                                                projection.outputs};
    });
  }

  Buffer<float> rounded_;  // panels of pairs of bf16, at half the offsets of the table
};

}  // namespace

std::unique_ptr<WeightForm> make_bf16_form(const ParameterTable& table, const float* values) {
  return std::make_unique<Bf16Weights>(table, values);
}

}  // namespace deepscaler
