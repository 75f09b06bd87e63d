// The tiles for bfloat16 on CPUs with AVX512-BF16, whose vdpbf16ps multiplies and adds 32 pairs at once.
// They have a file of their own because the Highway of Debian 12 does not know this instruction.
#pragma once

#include "ops/matmul/tile_kernel.h"

namespace deepscaler {

// `a` and the panels hold pairs of bfloat16 that are neighbours along the depth; a pair is carried as a
// float. `depth` counts pairs. A step adds two products to a sum in f32, the second of the pair first; a
// chain is kChainLength / 2 steps. `a` may also stand in tiles. Call this only where the CPU has the
// instruction.
[[nodiscard]] const TileKernels& native_bf16_tile_kernels();

}  // namespace deepscaler
