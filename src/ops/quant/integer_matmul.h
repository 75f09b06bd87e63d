// Matrix products of quantized weights with inputs rounded to eight bits, in integers.
//
//   y[t][o] = sum over blocks b of (scale_w[o][b] * scale_x[t][b]) * sum of (code - offset) * level
//             (+ minimum_w[o][b] * scale_x[t][b] * sum of levels)
//
// The sums within a block are exact and those over blocks are chains in ascending order (ops/quant/
// integer_kernel.h): an output has the same bits whatever rows and outputs are beside it, on any number of
// threads and any instruction set. T rows, I inputs, O outputs.
#pragma once

#include "ops/matmul/matmul.h"
#include "ops/quant/integer_panels.h"
#include "ops/quant/integer_rows.h"

namespace deepscaler {

// y [T, O] = x [T, I] W^T of each projection, or y += x W^T: the sum is then added to y at the end.
void integer_matmul(const IntegerRows& x, const Projections<const IntegerPanels*, MatrixView>& projections,
                    Accumulate accumulate = Accumulate::kNo);

}  // namespace deepscaler
