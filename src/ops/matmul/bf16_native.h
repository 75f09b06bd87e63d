// The tiles for bfloat16 on CPUs with AVX512-BF16, whose vdpbf16ps multiplies and adds 32 pairs at once.
// In a file of its own since the Highway of Debian 12 does not know that instruction.
#pragma once

#include "ops/matmul/tile_kernel.h"

namespace deepscaler {

// Both `a` and the panels are in pairs of bfloat16 that stand one after the other along the depth, a pair
// carried as a float; a step, which `depth` counts, adds two products to a sum in f32, the second of the pair
// first. A chain is kChainLength / 2 of them. `a` in tiles too. To be called only where the CPU has the
// instruction.
[[nodiscard]] const TileKernels& native_bf16_tile_kernels();

}  // namespace deepscaler
