// The transpose of a 16 x 16 square of a panel (ops/panels.h), in registers.
#pragma once

namespace deepscaler {

// out [16][16] = the transpose of in [16][16]. They do not overlap.
using SquareTranspose = void (*)(const float* in, float* out);

// The kernel of the instruction set in use (ops/kernel_target.h).
[[nodiscard]] SquareTranspose square_transpose();

}  // namespace deepscaler
