// Our own matmul (ops/matmul.h) as a contender of the table.
#pragma once

#include "matmul_table.h"

namespace deepscaler::bench {

[[nodiscard]] Contender our_matmul();

}  // namespace deepscaler::bench
