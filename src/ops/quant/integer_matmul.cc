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

}  // namespace

void integer_matmul(const IntegerRows& x, const IntegerPanels& weight, MatrixView y, Accumulate accumulate) {
  DEEPSCALER_CHECK(x.cols() == weight.in() && x.rows() == y.rows && y.cols == weight.out(),
                   "{} x {} times {} x {}", x.rows(), x.cols(), weight.in(), weight.out());
  constexpr int64_t kRowsOfTask = 64;  // a panel stays in the first cache for all of them
  const IntegerKernels& kernels = integer_kernels();
  const int format = integer_format_index(weight.dtype());
  const int64_t blocks = x.cols() / kBlockInputs, row_tasks = ceil_div(x.rows(), kRowsOfTask);
  parallel_for(panel_count(weight.out()) * row_tasks, [&](int64_t task) {
    const int64_t panel = task / row_tasks, first_output = panel * kPanelWidth;
    const int64_t outputs = std::min(kPanelWidth, weight.out() - first_output);
    const int64_t first = task % row_tasks * kRowsOfTask, end = std::min(x.rows(), first + kRowsOfTask);
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
        float* to = y.row(row + r) + first_output;
        for (int64_t o = 0; o < outputs; ++o) {
          to[o] =
              accumulate == Accumulate::kYes ? to[o] + out[r * kPanelWidth + o] : out[r * kPanelWidth + o];
        }
      }
    }
  });
}

}  // namespace deepscaler
