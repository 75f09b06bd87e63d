// Integer products on CPUs with AVX2. vpmaddubsw adds pairs of products in 16 bits, and saturates: so many
// groups of codes are added up before they are widened as can't reach 32768.
#include <hwy/base.h>
#include <immintrin.h>

#include <cstring>

#include "ops/quant/integer_format.h"
#include "ops/quant/integer_kernel.h"

namespace deepscaler {
namespace {

#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")

#include "ops/quant/integer_tile-inl.h"

struct Avx2 {
  // Outputs 0 to 7 and 8 to 15.
  struct Integers {
    __m256i low, high;
  };
  using Codes = Integers;
  using Sums = Integers;
  using Partial = Integers;  // in 16 bits, two for each output
  struct Floats {
    __m256 low, high;
  };
  static constexpr int kMaxRows = 4;
  // Signed, with the sign of a code moved to the level.
  static constexpr int kOffsetOfEightBits = 0;
  template <int kBits>
  static constexpr int groups_together() {
    return kBits == 8 ? 1 : kBits == 6 ? 2 : kBits == 5 ? 4 : 8;  // 2 (2^bits - 1) 127 each
  }

  static HWY_INLINE __m256i load(const uint8_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  static HWY_INLINE Codes load_line(const uint8_t* from) { return {load(from), load(from + 32)}; }
  static HWY_INLINE Codes load_eight_bits(const uint8_t* from) {
    const __m256i sign = _mm256_set1_epi8(static_cast<char>(0x80));
    return {_mm256_xor_si256(load(from), sign), _mm256_xor_si256(load(from + 32), sign)};
  }
  static HWY_INLINE Codes low_nibbles(Codes line) {
    const __m256i mask = _mm256_set1_epi8(15);
    return {_mm256_and_si256(line.low, mask), _mm256_and_si256(line.high, mask)};
  }
  static HWY_INLINE Codes high_nibbles(Codes line) {
    return low_nibbles({_mm256_srli_epi16(line.low, 4), _mm256_srli_epi16(line.high, 4)});
  }
  template <int kShift, int kMask>
  static HWY_INLINE __m256i or_bits(__m256i codes, __m256i plane) {
    __m256i bits = plane;
    if constexpr (kShift > 0) bits = _mm256_slli_epi16(plane, kShift);
    if constexpr (kShift < 0) bits = _mm256_srli_epi16(plane, -kShift);
    return _mm256_or_si256(codes, _mm256_and_si256(bits, _mm256_set1_epi8(kMask)));
  }
  template <int kShift, int kMask>
  static HWY_INLINE Codes or_bits(Codes codes, Codes plane) {
    return {or_bits<kShift, kMask>(codes.low, plane.low), or_bits<kShift, kMask>(codes.high, plane.high)};
  }
  template <int kBits>
  static HWY_INLINE __m256i pairs(__m256i codes, __m256i levels) {
    if constexpr (kBits == 8) {
      return _mm256_maddubs_epi16(_mm256_abs_epi8(codes), _mm256_sign_epi8(levels, codes));
    }
    return _mm256_maddubs_epi16(codes, levels);
  }
  template <int kBits>
  static HWY_INLINE Partial product(Codes codes, const int8_t* levels) {
    int32_t word;
    std::memcpy(&word, levels, sizeof word);
    const __m256i four = _mm256_set1_epi32(word);
    return {pairs<kBits>(codes.low, four), pairs<kBits>(codes.high, four)};
  }
  template <int kBits>
  static HWY_INLINE Partial add_product(Partial partial, Codes codes, const int8_t* levels) {
    const Partial more = product<kBits>(codes, levels);
    return {_mm256_add_epi16(partial.low, more.low), _mm256_add_epi16(partial.high, more.high)};
  }
  static HWY_INLINE Sums broadcast_sum(int32_t value) {
    return {_mm256_set1_epi32(value), _mm256_set1_epi32(value)};
  }
  static HWY_INLINE Sums add(Sums sum, Partial partial) {
    const __m256i ones = _mm256_set1_epi16(1);
    return {_mm256_add_epi32(sum.low, _mm256_madd_epi16(partial.low, ones)),
            _mm256_add_epi32(sum.high, _mm256_madd_epi16(partial.high, ones))};
  }
  static HWY_INLINE Floats to_floats(Sums sums) {
    return {_mm256_cvtepi32_ps(sums.low), _mm256_cvtepi32_ps(sums.high)};
  }
  static HWY_INLINE Floats zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
  static HWY_INLINE Floats broadcast(float value) { return {_mm256_set1_ps(value), _mm256_set1_ps(value)}; }
  static HWY_INLINE __m256 eight_halves(const uint8_t* from) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  static HWY_INLINE Floats load_halves(const uint8_t* from) {
    return {eight_halves(from), eight_halves(from + 16)};
  }
  static HWY_INLINE Floats load_bytes(const uint8_t* from) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return to_floats({_mm256_cvtepi8_epi32(bytes), _mm256_cvtepi8_epi32(_mm_srli_si128(bytes, 8))});
  }
  static HWY_INLINE Floats multiply(Floats a, Floats b) {
    return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
  }
  static HWY_INLINE Floats negative(Floats a) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return {_mm256_xor_ps(a.low, sign), _mm256_xor_ps(a.high, sign)};
  }
  static HWY_INLINE Floats multiply_add(Floats a, Floats b, Floats sum) {
    return {_mm256_fmadd_ps(a.low, b.low, sum.low), _mm256_fmadd_ps(a.high, b.high, sum.high)};
  }
  static HWY_INLINE void store(Floats floats, float* to) {
    _mm256_storeu_ps(to, floats.low);
    _mm256_storeu_ps(to + 8, floats.high);
  }
};

const IntegerKernels& kernels() {
  static const IntegerKernels kernels = make_integer_kernels<Avx2>();
  return kernels;
}

#pragma GCC pop_options

}  // namespace

const IntegerKernels& avx2_integer_kernels() { return kernels(); }

}  // namespace deepscaler
