// Quantized weights that are multiplied in integers (ops/quant/integer_matmul.h): their codes are packed in
// panels, which take as much memory as the blocks in the file, and rows are rounded to eight bits. What is
// looked up by row, and the backward pass, read the blocks themselves (model/block_weights.h).
#pragma once

#include "model/weights.h"

namespace deepscaler {

[[nodiscard]] std::unique_ptr<WeightForm> make_integer_form(QuantizedModel model);

}  // namespace deepscaler
