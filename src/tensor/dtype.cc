#include "tensor/dtype.h"

#include <limits>

#include "base/error.h"

namespace deepscaler {
namespace {

struct Layout {
  std::string_view name;
  int64_t elements;
  int64_t bytes;
};

constexpr Layout kLayouts[] = {
    {"F32", 1, 4},      {"F16", 1, 2},      {"BF16", 1, 2},     {"Q4_0", 32, 18},
    {"Q4_1", 32, 20},   {"Q5_0", 32, 22},   {"Q5_1", 32, 24},   {"Q8_0", 32, 34},
    {"Q4_K", 256, 144}, {"Q5_K", 256, 176}, {"Q6_K", 256, 210}, {"F64", 1, 8},
};
static_assert(std::size(kLayouts) == std::size(kAllDTypes));

const Layout& layout(DType dtype) {
  const auto index = static_cast<size_t>(dtype);
  DEEPSCALER_CHECK(index < std::size(kLayouts), "dtype {}", index);
  return kLayouts[index];
}

}  // namespace

std::string_view dtype_name(DType dtype) { return layout(dtype).name; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (const DType dtype : kAllDTypes) {
    if (dtype_name(dtype) == name) return dtype;
  }
  return std::nullopt;
}

int64_t block_elements(DType dtype) { return layout(dtype).elements; }
int64_t block_bytes(DType dtype) { return layout(dtype).bytes; }

std::optional<int64_t> storage_bytes(DType dtype, int64_t elements) {
  const auto& [name, per_block, bytes] = layout(dtype);
  if (elements < 0 || elements % per_block != 0) return std::nullopt;
  const int64_t blocks = elements / per_block;
  if (blocks > std::numeric_limits<int64_t>::max() / bytes) return std::nullopt;
  return blocks * bytes;
}

float f16_to_f32(uint16_t bits) {
  const uint32_t sign = (bits & 0x8000u) << 16;
  const uint32_t exponent = bits >> 10 & 0x1f;
  const uint32_t fraction = bits & 0x3ff;
  if (exponent == 0) {  // zero and subnormals: fraction * 2^-24, exact in a float
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<uint32_t>(magnitude) | sign);
  }
  const uint32_t wide_exponent = exponent == 0x1f ? 0xff : exponent + (127 - 15);
  return std::bit_cast<float>(sign | wide_exponent << 23 | fraction << 13);
}

uint16_t f32_to_f16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | static_cast<uint16_t>(magnitude >> 13 & 0x3ff);
  if (magnitude >= 0x477ff000) return sign | 0x7c00;  // rounds to 65536 or more
  if (magnitude < 0x38800000) {
    // Below 2^-14 the spacing of binary16 is 2^-24, which is that of floats in [0.5, 1): the sum
    // rounds to nearest even in hardware and its low bits are the answer.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return sign | static_cast<uint16_t>(std::bit_cast<uint32_t>(shifted) - 0x3f000000);
  }
  const uint32_t rebased = magnitude - ((127u - 15u) << 23);
  return sign | static_cast<uint16_t>((rebased + 0xfff + (rebased >> 13 & 1)) >> 13);
}

}  // namespace deepscaler
