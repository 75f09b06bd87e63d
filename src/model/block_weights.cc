#include "model/block_weights.h"

#include <algorithm>
#include <utility>

#include "base/integer.h"
#include "model/model_file.h"
#include "ops/kernel_target.h"
#include "ops/matmul/bf16_matmul.h"
#include "tensor/dequantize.h"

namespace deepscaler {
namespace {

// Of a piece, 4 MiB: what it takes to fill and to multiply hides the start of the threads, and it stays in
// the last cache.
constexpr int64_t kPieceFloats = 1 << 20;

int64_t outputs_of_piece(const BlockMatrix& matrix) {
  return std::min(round_up(matrix.out, kDxPiece), round_up(ceil_div(kPieceFloats, matrix.in), kDxPiece));
}

template <class T>
MatrixSpan<T> columns(MatrixSpan<T> matrix, int64_t first, int64_t count) {
  return {matrix.data + first, matrix.rows, count, matrix.stride};
}

Bf16PanelView round_panels(ConstPanelView panels, Buffer<float>& memory) {
  memory.reserve_discarding(bf16_panel_size(panels.out, panels.in));
  pack_bf16_panels(panels, memory.data());
  return {memory.data(), panels.out, panels.in};
}

}  // namespace

std::unique_ptr<WeightForm> make_block_form(QuantizedModel model) {
  return std::make_unique<BlockWeights>(std::move(model));
}

BlockWeights::BlockWeights(QuantizedModel model) : model_(std::move(model)) {
  for (size_t i = 0; i < model_.table.all().size(); ++i) {
    const ParameterInfo& info = model_.table.all()[i];
    if (info.in_blocks) blocks_.emplace(static_cast<int>(i), model_.file.blocks(info));
  }
}

const BlockMatrix* BlockWeights::find_blocks(int weight) const {
  const auto found = blocks_.find(weight);
  return found == blocks_.end() ? nullptr : &found->second;
}

void BlockWeights::for_each_piece(const BlockMatrix& matrix, const UsePanels& body) const {
  const int64_t most = outputs_of_piece(matrix);
  piece_.reserve_discarding(panel_size(most, matrix.in));
  for (int64_t first = 0; first < matrix.out; first += most) {
    const int64_t outputs = std::min(most, matrix.out - first);
    dequantize_panels(matrix, first / kPanelWidth, panel_count(outputs), piece_.data());
    body(first, {piece_.data(), outputs, matrix.in});
  }
}

void BlockWeights::forward(ConstMatrixView x, const Projections<int, MatrixView>& projections,
                           Accumulate accumulate) const {
  if (const auto others = others_of(projections); !others.empty()) {
    model_.other->forward(x, others, accumulate);
  }
  for (const auto& [weight, y] : projections) {
    const BlockMatrix* matrix = find_blocks(weight);
    if (matrix == nullptr) continue;
    for_each_piece(*matrix, [&, y = y](int64_t first, ConstPanelView panels) {
      const MatrixView part = columns(y, first, panels.out);
      if (model_.type == ComputeType::kBf16)
        matmul_bf16(x, {{round_panels(panels, rounded_), part}}, accumulate);
      else
        matmul(x, {{panels, part}}, accumulate);
    });
  }
}

void BlockWeights::dx(const Projections<int, ConstMatrixView>& projections, MatrixView dx,
                      Accumulate accumulate) const {
  const bool in_bf16 = backward_compute_type(model_.type) == ComputeType::kBf16;
  for (const auto& projection : projections) {
    const BlockMatrix* matrix = find_blocks(projection.weight);
    if (matrix == nullptr) {
      model_.other->dx({projection}, dx, accumulate);
      accumulate = Accumulate::kYes;
      continue;
    }
    for_each_piece(*matrix, [&](int64_t first, ConstPanelView panels) {
      const ConstMatrixView part = columns(projection.outputs, first, panels.out);
      if (in_bf16)
        matmul_bf16_dx({{round_panels(panels, rounded_), part}}, dx, accumulate);
      else
        matmul_dx({{panels, part}}, dx, accumulate);
      accumulate = Accumulate::kYes;
    });
  }
}

void BlockWeights::dw(const Projections<int, ConstMatrixView>& projections, ConstMatrixView x,
                      float* gradients) const {
  if (const auto others = others_of(projections); !others.empty()) model_.other->dw(others, x, gradients);
}

void BlockWeights::read_row(int weight, int64_t row, std::span<float> out) const {
  const BlockMatrix* matrix = find_blocks(weight);
  if (matrix == nullptr) return model_.other->read_row(weight, row, out);
  dequantize(matrix->dtype, matrix->row_blocks(row), out);
}

}  // namespace deepscaler
