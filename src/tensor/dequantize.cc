#include "tensor/dequantize.h"

#include <cstring>

#include "base/error.h"

namespace deepscaler {
namespace {

// All formats are little-endian; so are the machines we build for.
static_assert(std::endian::native == std::endian::little);

template <typename T>
T load(const uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

float load_f16(const uint8_t* bytes) { return f16_to_f32(load<uint16_t>(bytes)); }

// The 32-element formats: 16 bytes of nibbles, the low ones first, then the high ones.

void q4_0(const uint8_t* block, float* x) {
  const float d = load_f16(block);
  const uint8_t* nibbles = block + 2;
  for (int j = 0; j < 16; ++j) {
    x[j] = static_cast<float>((nibbles[j] & 15) - 8) * d;
    x[j + 16] = static_cast<float>((nibbles[j] >> 4) - 8) * d;
  }
}

void q4_1(const uint8_t* block, float* x) {
  const float d = load_f16(block);
  const float m = load_f16(block + 2);
  const uint8_t* nibbles = block + 4;
  for (int j = 0; j < 16; ++j) {
    x[j] = static_cast<float>(nibbles[j] & 15) * d + m;
    x[j + 16] = static_cast<float>(nibbles[j] >> 4) * d + m;
  }
}

// The fifth bits of a block are one word, bit j for element j.
int five_bits(int nibble, uint32_t high_bits, int j) {
  return nibble | static_cast<int>(high_bits >> j & 1) << 4;
}

void q5_0(const uint8_t* block, float* x) {
  const float d = load_f16(block);
  const auto high_bits = load<uint32_t>(block + 2);
  const uint8_t* nibbles = block + 6;
  for (int j = 0; j < 16; ++j) {
    x[j] = static_cast<float>(five_bits(nibbles[j] & 15, high_bits, j) - 16) * d;
    x[j + 16] = static_cast<float>(five_bits(nibbles[j] >> 4, high_bits, j + 16) - 16) * d;
  }
}

void q5_1(const uint8_t* block, float* x) {
  const float d = load_f16(block);
  const float m = load_f16(block + 2);
  const auto high_bits = load<uint32_t>(block + 4);
  const uint8_t* nibbles = block + 8;
  for (int j = 0; j < 16; ++j) {
    x[j] = static_cast<float>(five_bits(nibbles[j] & 15, high_bits, j)) * d + m;
    x[j + 16] = static_cast<float>(five_bits(nibbles[j] >> 4, high_bits, j + 16)) * d + m;
  }
}

void q8_0(const uint8_t* block, float* x) {
  const float d = load_f16(block);
  for (int j = 0; j < 32; ++j) x[j] = static_cast<float>(static_cast<int8_t>(block[2 + j])) * d;
}

// The super-blocks of 256: eight runs of 32 with 6-bit scales and minima, packed into 12 bytes.

struct ScaleAndMin {
  float scale;
  float min;
};

ScaleAndMin packed_scale(const uint8_t* s, int run, float d, float dmin) {
  int scale;
  int min;
  if (run < 4) {
    scale = s[run] & 63;
    min = s[run + 4] & 63;
  } else {
    scale = (s[run + 4] & 15) | (s[run - 4] >> 6) << 4;
    min = (s[run + 4] >> 4) | (s[run] >> 6) << 4;
  }
  return {d * static_cast<float>(scale), dmin * static_cast<float>(min)};
}

void q4_k(const uint8_t* block, float* x) {
  const float d = load_f16(block);
  const float dmin = load_f16(block + 2);
  const uint8_t* scales = block + 4;
  const uint8_t* nibbles = block + 16;
  for (int run = 0; run < 8; ++run) {
    const auto [scale, min] = packed_scale(scales, run, d, dmin);
    const uint8_t* q = nibbles + run / 2 * 32;
    const int shift = run % 2 * 4;
    for (int l = 0; l < 32; ++l) *x++ = scale * static_cast<float>(q[l] >> shift & 15) - min;
  }
}

void q5_k(const uint8_t* block, float* x) {
  const float d = load_f16(block);
  const float dmin = load_f16(block + 2);
  const uint8_t* scales = block + 4;
  const uint8_t* high_bits = block + 16;
  const uint8_t* nibbles = block + 48;
  for (int run = 0; run < 8; ++run) {
    const auto [scale, min] = packed_scale(scales, run, d, dmin);
    const uint8_t* q = nibbles + run / 2 * 32;
    const int shift = run % 2 * 4;
    for (int l = 0; l < 32; ++l) {
      const int value = (q[l] >> shift & 15) | (high_bits[l] >> run & 1) << 4;
      *x++ = scale * static_cast<float>(value) - min;
    }
  }
}

void q6_k(const uint8_t* block, float* x) {
  const uint8_t* low = block;
  const uint8_t* high = block + 128;
  const uint8_t* scales = block + 192;
  const float d = load_f16(block + 208);
  // Halves of 128 elements; in each, run r of 32 takes a nibble of low[32 (r & 1) ...] and two bits of high.
  for (int half = 0; half < 2; ++half, low += 64, high += 32, scales += 8) {
    for (int run = 0; run < 4; ++run) {
      for (int l = 0; l < 32; ++l) {
        const float scale = d * static_cast<float>(static_cast<int8_t>(scales[2 * run + l / 16]));
        const int nibble = low[32 * (run & 1) + l] >> (run >= 2 ? 4 : 0) & 15;
        const int value = (nibble | (high[l] >> 2 * run & 3) << 4) - 32;
        *x++ = scale * static_cast<float>(value);
      }
    }
  }
}

template <void (*kBlock)(const uint8_t*, float*)>
void all_blocks(DType dtype, const uint8_t* bytes, std::span<float> values) {
  const auto elements = static_cast<size_t>(block_elements(dtype));
  const int64_t stride = block_bytes(dtype);
  for (size_t i = 0; i < values.size(); i += elements, bytes += stride) kBlock(bytes, &values[i]);
}

template <float (*kConvert)(uint16_t)>
void all_halves(const uint8_t* bytes, std::span<float> values) {
  for (size_t i = 0; i < values.size(); ++i) values[i] = kConvert(load<uint16_t>(bytes + 2 * i));
}

// Where the numbers in binary16 of a block stand. All else are integers, whose products with these are
// finite.
std::span<const int64_t> halves_of(DType dtype) {
  static constexpr int64_t kFirst[] = {0}, kFirstTwo[] = {0, 2}, kLast[] = {208};
  switch (dtype) {
    case DType::kQ4_0:
    case DType::kQ5_0:
    case DType::kQ8_0:
      return kFirst;
    case DType::kQ4_1:
    case DType::kQ5_1:
    case DType::kQ4_K:
    case DType::kQ5_K:
      return kFirstTwo;
    case DType::kQ6_K:
      return kLast;
    default:
      DEEPSCALER_CHECK(false, "blocks of {}", dtype_name(dtype));
      return {};
  }
}

}  // namespace

bool blocks_are_finite(DType dtype, std::span<const std::byte> bytes) {
  constexpr uint16_t kExponent = 0x7c00;
  const std::span<const int64_t> halves = halves_of(dtype);
  const auto size = static_cast<size_t>(block_bytes(dtype));
  DEEPSCALER_CHECK(bytes.size() % size == 0);
  const auto* in = reinterpret_cast<const uint8_t*>(bytes.data());
  for (size_t block = 0; block < bytes.size(); block += size) {
    for (const int64_t at : halves) {
      if ((load<uint16_t>(in + block + at) & kExponent) == kExponent) return false;
    }
  }
  return true;
}

void dequantize(DType dtype, std::span<const std::byte> bytes, std::span<float> values) {
  const auto needed = storage_bytes(dtype, static_cast<int64_t>(values.size()));
  DEEPSCALER_CHECK(needed == static_cast<int64_t>(bytes.size()), "{} bytes for {} elements of {}",
                   bytes.size(), values.size(), dtype_name(dtype));
  if (values.empty()) return;
  const auto* in = reinterpret_cast<const uint8_t*>(bytes.data());
  switch (dtype) {
    case DType::kF32:
      std::memcpy(values.data(), in, bytes.size());
      return;
    case DType::kF16:
      return all_halves<f16_to_f32>(in, values);
    case DType::kBF16:
      return all_halves<bf16_to_f32>(in, values);
    case DType::kQ4_0:
      return all_blocks<q4_0>(dtype, in, values);
    case DType::kQ4_1:
      return all_blocks<q4_1>(dtype, in, values);
    case DType::kQ5_0:
      return all_blocks<q5_0>(dtype, in, values);
    case DType::kQ5_1:
      return all_blocks<q5_1>(dtype, in, values);
    case DType::kQ8_0:
      return all_blocks<q8_0>(dtype, in, values);
    case DType::kQ4_K:
      return all_blocks<q4_k>(dtype, in, values);
    case DType::kQ5_K:
      return all_blocks<q5_k>(dtype, in, values);
    case DType::kQ6_K:
      return all_blocks<q6_k>(dtype, in, values);
    case DType::kF64:
      for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(load<double>(in + 8 * i));
      return;
  }
}

}  // namespace deepscaler
