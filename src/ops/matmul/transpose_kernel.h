// The transpose of a square of a panel (see ops/matmul/tile_kernel.h), in registers.
#pragma once

namespace deepscaler {

// out [16][16] = the transpose of in [16][16]. They do not overlap.
using SquareTranspose = void (*)(const float* in, float* out);

// The one of the instruction set in use (see ops/kernel_target.h).
[[nodiscard]] SquareTranspose square_transpose();

}  // namespace deepscaler
