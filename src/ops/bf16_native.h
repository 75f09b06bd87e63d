// The tiles for bfloat16 on CPUs with AVX512-BF16, whose vdpbf16ps multiplies and adds 32 pairs at once.
// In a file of its own since the Highway of Debian 12 does not know that instruction.
#pragma once

#include "ops/tile_kernel.h"

namespace deepscaler {

// Whether this CPU has the instruction.
[[nodiscard]] bool cpu_has_native_bf16();

// To be called only where it does.
[[nodiscard]] const TileKernels& native_bf16_tile_kernels();

}  // namespace deepscaler
