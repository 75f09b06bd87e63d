// Products of quantized weights (ops/quant/integer_matmul.h) as contenders of the table: the forward product,
// the rounding of its inputs included.
#pragma once

#include "matmul_table.h"
#include "tensor/dtype.h"

namespace deepscaler::bench {

[[nodiscard]] Contender integer_products(DType dtype);

}  // namespace deepscaler::bench
