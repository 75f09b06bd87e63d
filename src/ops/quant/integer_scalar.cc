// Integer products on any x86-64, and what the other kernels are tested against.
#include <hwy/base.h>

#include <array>
#include <cmath>
#include <cstring>

#include "ops/quant/integer_format.h"
#include "ops/quant/integer_kernel.h"
#include "tensor/dtype.h"

namespace deepscaler {
namespace {

#include "ops/quant/integer_tile-inl.h"

struct Scalar {
  using Codes = std::array<uint8_t, kLineBytes>;
  using Sums = std::array<int32_t, kPanelWidth>;
  using Partial = Sums;
  using Floats = std::array<float, kPanelWidth>;
  static constexpr int kMaxRows = 4;
  static constexpr int kOffsetOfEightBits = 128;
  template <int kBits>
  static constexpr int groups_together() {
    return 1;
  }

  static Codes load_line(const uint8_t* from) {
    Codes line;
    std::memcpy(line.data(), from, line.size());
    return line;
  }
  static Codes load_eight_bits(const uint8_t* from) { return load_line(from); }
  template <class Change>
  static Codes changed(Codes line, const Change& change) {
    for (uint8_t& code : line) code = static_cast<uint8_t>(change(code));
    return line;
  }
  static Codes low_nibbles(const Codes& line) {
    return changed(line, [](int code) { return code & 15; });
  }
  static Codes high_nibbles(const Codes& line) {
    return changed(line, [](int code) { return code >> 4; });
  }
  template <int kShift, int kMask>
  static Codes or_bits(Codes codes, const Codes& plane) {
    for (size_t i = 0; i < codes.size(); ++i) {
      const int bits =
          kShift >= 0 ? plane[i] << (kShift >= 0 ? kShift : 0) : plane[i] >> (kShift < 0 ? -kShift : 0);
      codes[i] |= static_cast<uint8_t>(bits & kMask);
    }
    return codes;
  }
  template <int kBits>
  static Partial product(const Codes& codes, const int8_t* levels) {
    Partial sums{};
    for (size_t i = 0; i < codes.size(); ++i) sums[i / 4] += codes[i] * levels[i % 4];
    return sums;
  }
  template <int kBits>
  static Partial add_product(const Partial& partial, const Codes& codes, const int8_t* levels) {
    return add(partial, product<kBits>(codes, levels));
  }
  static Sums broadcast_sum(int32_t value) {
    Sums sums;
    sums.fill(value);
    return sums;
  }
  static Sums add(Sums a, const Sums& b) {
    for (size_t i = 0; i < a.size(); ++i) a[i] += b[i];
    return a;
  }
  static Floats to_floats(const Sums& sums) {
    Floats floats;
    for (size_t i = 0; i < sums.size(); ++i) floats[i] = static_cast<float>(sums[i]);
    return floats;
  }
  static Floats zero() { return broadcast(0); }
  static Floats broadcast(float value) {
    Floats floats;
    floats.fill(value);
    return floats;
  }
  static Floats load_halves(const uint8_t* from) {
    Floats floats;
    for (size_t i = 0; i < floats.size(); ++i) {
      uint16_t half;
      std::memcpy(&half, from + 2 * i, sizeof half);
      floats[i] = f16_to_f32(half);
    }
    return floats;
  }
  // Scales are signed, minima below 64.
  static Floats load_bytes(const uint8_t* from) {
    Floats floats;
    for (size_t i = 0; i < floats.size(); ++i) floats[i] = static_cast<float>(static_cast<int8_t>(from[i]));
    return floats;
  }
  static Floats multiply(Floats a, const Floats& b) {
    for (size_t i = 0; i < a.size(); ++i) a[i] *= b[i];
    return a;
  }
  static Floats negative(Floats a) {
    for (float& x : a) x = -x;
    return a;
  }
  static Floats multiply_add(const Floats& a, const Floats& b, Floats sum) {
    for (size_t i = 0; i < a.size(); ++i) sum[i] = std::fma(a[i], b[i], sum[i]);
    return sum;
  }
  static void store(const Floats& floats, float* to) { std::memcpy(to, floats.data(), sizeof floats); }
};

}  // namespace

const IntegerKernels& scalar_integer_kernels() {
  static const IntegerKernels kernels = make_integer_kernels<Scalar>();
  return kernels;
}

}  // namespace deepscaler
