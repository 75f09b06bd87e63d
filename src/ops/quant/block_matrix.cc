#include "ops/quant/block_matrix.h"

#include <algorithm>

#include "base/error.h"
#include "base/parallel.h"
#include "ops/matmul/transpose_kernel.h"
#include "ops/panels.h"
#include "tensor/buffer.h"
#include "tensor/dequantize.h"

namespace deepscaler {

BlockMatrix blocks_in_rows(DType dtype, int64_t out, int64_t in, std::span<const std::byte> blocks) {
  const auto row_bytes = storage_bytes(dtype, in);
  DEEPSCALER_CHECK(row_bytes && *row_bytes * out == std::ssize(blocks), "{} bytes for {} x {} of {}",
                   blocks.size(), out, in, dtype_name(dtype));
  return {dtype, out, in, [data = blocks.data(), bytes = *row_bytes](int64_t o) { return data + o * bytes; }};
}

void dequantize_panels(const BlockMatrix& matrix, int64_t first_panel, int64_t panels, float* out) {
  constexpr int64_t kSquare = kPanelWidth * kPanelWidth;
  const auto transpose_square = square_transpose();
  const int64_t in = matrix.in;
  parallel_for(panels, [&](int64_t p) {
    thread_local Buffer<float> memory;  // squares of 16 outputs and 16 inputs
    memory.reserve_discarding(kPanelWidth * in + in);
    float* const row = memory.data() + kPanelWidth * in;
    const int64_t first = (first_panel + p) * kPanelWidth;
    const int64_t outputs = std::min(kPanelWidth, matrix.out - first);
    if (outputs < kPanelWidth) std::fill_n(memory.data(), kPanelWidth * in, 0.0f);
    for (int64_t o = 0; o < outputs; ++o) {
      dequantize(matrix.dtype, matrix.row_blocks(first + o), {row, static_cast<size_t>(in)});
      for (int64_t i = 0; i < in; i += kPanelWidth) {
        std::copy_n(row + i, kPanelWidth, memory.data() + i * kPanelWidth + o * kPanelWidth);
      }
    }
    for (int64_t i = 0; i < in * kPanelWidth; i += kSquare) {
      transpose_square(memory.data() + i, out + p * in * kPanelWidth + i);
    }
  });
}

}  // namespace deepscaler
