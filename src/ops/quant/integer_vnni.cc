// Integer products on CPUs with AVX-512 and VNNI, whose vpdpbusd adds 64 products of eight bits to 16 sums.
// In a file of its own since the Highway of Debian 12 does not know that instruction.
#include <hwy/base.h>
#include <immintrin.h>

#include <cstring>

#include "ops/quant/integer_format.h"
#include "ops/quant/integer_kernel.h"

namespace deepscaler {
namespace {

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,f16c,avx2,fma")

#include "ops/quant/integer_tile-inl.h"

struct Vnni {
  using Codes = __m512i;
  using Sums = __m512i;
  using Partial = __m512i;
  using Floats = __m512;
  static constexpr int kMaxRows = 8;
  static constexpr int kOffsetOfEightBits = 128;
  template <int kBits>
  static constexpr int groups_together() {
    return 4;  // a chain; two of them are under way at a time
  }

  static HWY_INLINE Codes load_line(const uint8_t* from) { return _mm512_loadu_si512(from); }
  static HWY_INLINE Codes load_eight_bits(const uint8_t* from) { return load_line(from); }
  static HWY_INLINE Codes low_nibbles(Codes line) { return _mm512_and_si512(line, _mm512_set1_epi8(15)); }
  static HWY_INLINE Codes high_nibbles(Codes line) { return low_nibbles(_mm512_srli_epi16(line, 4)); }
  template <int kShift, int kMask>
  static HWY_INLINE Codes or_bits(Codes codes, Codes plane) {
    Codes bits = plane;
    if constexpr (kShift > 0) bits = _mm512_slli_epi16(plane, kShift);
    if constexpr (kShift < 0) bits = _mm512_srli_epi16(plane, -kShift);
    constexpr int kOrAnd = 0xf8;  // a | (b & c)
    return _mm512_ternarylogic_epi32(codes, bits, _mm512_set1_epi8(kMask), kOrAnd);
  }
  static HWY_INLINE Codes four_levels(const int8_t* levels) {
    int32_t word;
    std::memcpy(&word, levels, sizeof word);
    return _mm512_set1_epi32(word);
  }
  template <int kBits>
  static HWY_INLINE Partial product(Codes codes, const int8_t* levels) {
    return _mm512_dpbusd_epi32(_mm512_setzero_si512(), codes, four_levels(levels));
  }
  template <int kBits>
  static HWY_INLINE Partial add_product(Partial partial, Codes codes, const int8_t* levels) {
    return _mm512_dpbusd_epi32(partial, codes, four_levels(levels));
  }
  static HWY_INLINE Sums broadcast_sum(int32_t value) { return _mm512_set1_epi32(value); }
  static HWY_INLINE Sums add(Sums sum, Partial partial) { return _mm512_add_epi32(sum, partial); }
  // The unmasked forms read what is undefined in GCC 12's headers, which it warns of (its bug 105593).
  static constexpr __mmask16 kAll = 0xffff;
  static HWY_INLINE Floats to_floats(Sums sums) { return _mm512_maskz_cvtepi32_ps(kAll, sums); }
  static HWY_INLINE Floats zero() { return _mm512_setzero_ps(); }
  static HWY_INLINE Floats broadcast(float value) { return _mm512_set1_ps(value); }
  static HWY_INLINE Floats load_halves(const uint8_t* from) {
    return _mm512_maskz_cvtph_ps(kAll, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }
  static HWY_INLINE Floats load_bytes(const uint8_t* from) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return to_floats(_mm512_maskz_cvtepi8_epi32(kAll, bytes));
  }
  static HWY_INLINE Floats multiply(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
  static HWY_INLINE Floats negative(Floats a) { return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f)); }
  static HWY_INLINE Floats multiply_add(Floats a, Floats b, Floats sum) { return _mm512_fmadd_ps(a, b, sum); }
  static HWY_INLINE void store(Floats floats, float* to) { _mm512_storeu_ps(to, floats); }
};

const IntegerKernels& kernels() {
  static const IntegerKernels kernels = make_integer_kernels<Vnni>();
  return kernels;
}

#pragma GCC pop_options

}  // namespace

const IntegerKernels& vnni_integer_kernels() { return kernels(); }

}  // namespace deepscaler
