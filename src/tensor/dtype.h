// The number formats in which tensors are stored: plain floats and the block formats of GGUF.
//
// A block format stores a run of consecutive elements of one row (a block) with shared scales; the
// plain ones are blocks of one element. Sources: ggml's type table (docs/gguf.md and ggml-common.h of
// llama.cpp) for GGUF, the safetensors format for F64, F32, F16 and BF16.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>

namespace deepscaler {

enum class DType : uint8_t {
  kF32,
  kF16,
  kBF16,
  kQ4_0,
  kQ4_1,
  kQ5_0,
  kQ5_1,
  kQ8_0,
  kQ4_K,
  kQ5_K,
  kQ6_K,
  kF64
};

inline constexpr DType kAllDTypes[] = {DType::kF32,  DType::kF16,  DType::kBF16, DType::kQ4_0,
                                       DType::kQ4_1, DType::kQ5_0, DType::kQ5_1, DType::kQ8_0,
                                       DType::kQ4_K, DType::kQ5_K, DType::kQ6_K, DType::kF64};

// "F32", "Q4_K", ...: the same names in safetensors, GGUF and our own output.
[[nodiscard]] std::string_view dtype_name(DType dtype);
[[nodiscard]] std::optional<DType> dtype_from_name(std::string_view name);

// Elements in a block (1, 32 or 256) and the bytes that a block takes.
[[nodiscard]] int64_t block_elements(DType dtype);
[[nodiscard]] int64_t block_bytes(DType dtype);

// Bytes that `elements` elements take. Nothing where `elements` is negative or no whole number of blocks, or
// where the result overflows.
[[nodiscard]] std::optional<int64_t> storage_bytes(DType dtype, int64_t elements);

// bfloat16 is the upper half of a float. Rounding is to nearest, ties to even; NaN stays (quiet) NaN.
[[nodiscard]] constexpr float bf16_to_f32(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}
[[nodiscard]] constexpr uint16_t f32_to_bf16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// IEEE 754 binary16, subnormals included. Rounds to nearest, ties to even; too large values become infinite.
[[nodiscard]] float f16_to_f32(uint16_t bits);
[[nodiscard]] uint16_t f32_to_f16(float value);

}  // namespace deepscaler
