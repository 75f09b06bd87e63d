// oneDNN at its best as contenders of the table: both of its primitives that compute a linear layer,
// with weights in whatever layout oneDNN likes (packed once, outside the timing), activations in plain
// rows as a model has them. Compiled only where oneDNN is installed.
#pragma once

#include "matmul_table.h"

namespace deepscaler::bench {

enum class OnednnType { kF32, kBf16 };  // of the operands; results are f32

// Of all later products; our set_thread_count() is not oneDNN's.
void set_onednn_threads(int threads);

// The inner-product primitives: forward, backward by data, backward by weights.
[[nodiscard]] Contender onednn_inner_product(OnednnType type);
// The matmul primitive on (transposed) operands.
[[nodiscard]] Contender onednn_matmul(OnednnType type);

}  // namespace deepscaler::bench
