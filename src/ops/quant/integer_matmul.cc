#include "ops/quant/integer_matmul.h"

#include <algorithm>

#include "base/error.h"
#include "base/integer.h"
#include "base/parallel.h"
#include "ops/quant/integer_format.h"
#include "ops/quant/integer_kernel.h"

namespace deepscaler {
namespace {

// Bytes of the codes of a panel: what stands before its scales.
int64_t code_bytes(DType dtype, int64_t blocks) {
  switch (dtype) {
    case DType::kQ8_0:
      return blocks * FormatQ8_0::kCodeBytes;
    case DType::kQ6_K:
      return blocks * FormatQ6_K::kCodeBytes;
    case DType::kQ5_0:
    case DType::kQ5_1:
    case DType::kQ5_K:
      return blocks * FormatQ5_0::kCodeBytes;
    default:
      return blocks * FormatQ4_0::kCodeBytes;
  }
}

// The largest number of rows that there is a kernel for.
int64_t rows_at_once(const IntegerKernels& kernels, int format, int64_t rows) {
  int64_t count = std::min<int64_t>(rows, kernels.max_rows);
  while (kernels.of[format][count] == nullptr) --count;
  return count;
}

// The rows [first, end) of the outputs of one panel.
void multiply_panel(const IntegerKernels& kernels, const IntegerRows& x, const IntegerPanels& weight,
                    int64_t panel, int64_t first, int64_t end, MatrixView y, Accumulate accumulate) {
  const int format = integer_format_index(weight.dtype());
  const int64_t blocks = x.cols() / kBlockInputs, first_output = panel * kPanelWidth;
  const int64_t outputs = std::min(kPanelWidth, weight.out() - first_output);
  float out[IntegerKernels::kRowLimit * kPanelWidth];
  for (int64_t row = first, count; row < end; row += count) {
    count = rows_at_once(kernels, format, end - row);
    kernels.of[format][count]({.codes = weight.panel(panel),
                               .scales = weight.panel(panel) + code_bytes(weight.dtype(), blocks),
                               .blocks = blocks,
                               .levels = x.levels(row),
                               .row_scales = x.scales(row),
                               .scaled_sums = x.scaled_sums(row),
                               .sums = x.sums(row),
                               .out = out});
    for (int64_t r = 0; r < count; ++r) {
      const float* from = out + r * kPanelWidth;
      float* to = y.row(row + r) + first_output;
      for (int64_t o = 0; o < outputs; ++o)
        to[o] = accumulate == Accumulate::kYes ? to[o] + from[o] : from[o];
    }
  }
}

}  // namespace

void integer_matmul(const IntegerRows& x, const Projections<const IntegerPanels*, MatrixView>& projections,
                    Accumulate accumulate) {
  constexpr int64_t kRowsOfTask = 64;  // a panel stays in the first cache for all of them
  int64_t panels = 0;
  for (const auto& [weight, y] : projections) {
    DEEPSCALER_CHECK(x.cols() == weight->in() && x.rows() == y.rows && y.cols == weight->out(),
                     "{} x {} times {} x {}", x.rows(), x.cols(), weight->in(), weight->out());
    count_product(x.rows(), weight->out(), weight->in());
    panels += panel_count(weight->out());
  }
  const IntegerKernels& kernels = integer_kernels();
  const int64_t row_tasks = ceil_div(x.rows(), kRowsOfTask);
  parallel_for(panels * row_tasks, [&](int64_t task) {
    const int64_t first = task % row_tasks * kRowsOfTask, end = std::min(x.rows(), first + kRowsOfTask);
    int64_t panel = task / row_tasks;
    for (const auto& [weight, y] : projections) {
      const int64_t own = panel_count(weight->out());
      if (panel < own) return multiply_panel(kernels, x, *weight, panel, first, end, y, accumulate);
      panel -= own;
    }
  });
}

}  // namespace deepscaler
