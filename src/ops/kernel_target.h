// Which instruction set the kernels of ops/ use, chosen at run time from what the CPU has. A run's bits
// belong to one target, so manifests have its name. A test can force any target by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deepscaler {

// The target in use: "avx512bf16" (avx512 with its bf16 dot product), "avx512", "avx2" or "baseline"
// (what every x86-64 has).
[[nodiscard]] std::string kernel_target();
// The targets that this CPU can run, best first.
[[nodiscard]] std::vector<std::string> available_kernel_targets();
// Whether the target in use has a bf16 dot product of its own.
[[nodiscard]] bool bf16_is_native();
// Whether the bf16 dot product is native and faster than f32 FMA. It is on AMD's CPUs and is not on
// Sapphire Rapids (bench_matmul --bf16).
[[nodiscard]] bool bf16_is_fast();
// Uses the target `name` from now on; "auto" chooses the best. Not thread-safe: call it between computations.
// Throws Error for an unknown name and for a target that this CPU can't run.
void force_kernel_target(std::string_view name);

}  // namespace deepscaler
