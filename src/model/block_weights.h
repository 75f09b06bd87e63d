// Quantized weights that stay in the blocks of a model's file, which is mapped: nothing of them is copied. A
// product makes floats of some outputs at a time and multiplies by these. So the bits are those of a model
// that was loaded as floats, forward and backward, in f32 and in bf16.
#pragma once

#include <functional>
#include <map>

#include "model/weights.h"
#include "ops/quant/block_matrix.h"
#include "tensor/buffer.h"

namespace deepscaler {

[[nodiscard]] std::unique_ptr<WeightForm> make_block_form(QuantizedModel model);

// Other kinds stand on it where they need the exact values: the backward pass, the embedding.
class BlockWeights : public WeightForm {
 public:
  explicit BlockWeights(QuantizedModel model);

  void forward(ConstMatrixView x, const Projections<int, MatrixView>& projections,
               Accumulate accumulate) const override;
  void dx(const Projections<int, ConstMatrixView>& projections, MatrixView dx,
          Accumulate accumulate) const override;
  void dw(const Projections<int, ConstMatrixView>& projections, ConstMatrixView x,
          float* gradients) const override;
  void read_row(int weight, int64_t row, std::span<float> out) const override;
  void refresh() override { model_.other->refresh(); }

 protected:
  [[nodiscard]] const QuantizedModel& model() const { return model_; }
  [[nodiscard]] const BlockMatrix* find_blocks(int weight) const;  // null where it is not in blocks
  // The projections whose weights are not in blocks.
  template <class Outputs>
  [[nodiscard]] std::vector<Projection<int, Outputs>> others_of(
      const Projections<int, Outputs>& projections) const {
    std::vector<Projection<int, Outputs>> others;
    for (const auto& p : projections) {
      if (find_blocks(p.weight) == nullptr) others.push_back(p);
    }
    return others;
  }

 private:
  // Calls body(first output, their panels) for some outputs of the matrix after the other.
  using UsePanels = std::function<void(int64_t first, ConstPanelView panels)>;
  void for_each_piece(const BlockMatrix& matrix, const UsePanels& body) const;

  QuantizedModel model_;
  std::map<int, BlockMatrix> blocks_;      // by weight
  mutable Buffer<float> piece_, rounded_;  // of the matrix in use, in f32 and in bf16
};

}  // namespace deepscaler
