// Our own matmul (ops/matmul/matmul.h, ops/matmul/bf16_matmul.h) as contenders of the table.
#pragma once

#include "matmul_table.h"

namespace deepscaler::bench {

[[nodiscard]] Contender our_matmul();
// As a model that computes in bf16 has it: the forward product only.
[[nodiscard]] Contender our_bf16_matmul();

}  // namespace deepscaler::bench
