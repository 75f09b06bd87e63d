// The arithmetic of ops/quant/integer_kernel.h over vectors of some instruction set. Included within a
// namespace, after whatever makes the compiler use the set. `Isa` has
//   Codes    a line: four codes each of 16 outputs            Partial  sums of products, in what they fit
//   Sums     16 integers, an output each                      Floats   16 floats
// and the functions that are called below.

// The codes of a block as bytes, a vector a group of four inputs.
template <class Isa, class Format>
HWY_INLINE void unpack_codes(const uint8_t* lines, typename Isa::Codes (&codes)[8]) {
  if constexpr (Format::kBits == 8) {
    for (int g = 0; g < 8; ++g) codes[g] = Isa::load_eight_bits(lines + kLineBytes * g);
  } else {
    for (int g = 0; g < 4; ++g) {
      const auto line = Isa::load_line(lines + kLineBytes * g);
      codes[g] = Isa::low_nibbles(line);
      codes[g + 4] = Isa::high_nibbles(line);
    }
    const uint8_t* planes = lines + 4 * kLineBytes;
    if constexpr (Format::kBits == 5) {
      const auto plane = Isa::load_line(planes);
      codes[0] = Isa::template or_bits<4, 0x10>(codes[0], plane);
      codes[1] = Isa::template or_bits<3, 0x10>(codes[1], plane);
      codes[2] = Isa::template or_bits<2, 0x10>(codes[2], plane);
      codes[3] = Isa::template or_bits<1, 0x10>(codes[3], plane);
      codes[4] = Isa::template or_bits<0, 0x10>(codes[4], plane);
      codes[5] = Isa::template or_bits<-1, 0x10>(codes[5], plane);
      codes[6] = Isa::template or_bits<-2, 0x10>(codes[6], plane);
      codes[7] = Isa::template or_bits<-3, 0x10>(codes[7], plane);
    }
    if constexpr (Format::kBits == 6) {
      for (int h = 0; h < 2; ++h) {
        const auto plane = Isa::load_line(planes + kLineBytes * h);
        codes[4 * h] = Isa::template or_bits<4, 0x30>(codes[4 * h], plane);
        codes[4 * h + 1] = Isa::template or_bits<2, 0x30>(codes[4 * h + 1], plane);
        codes[4 * h + 2] = Isa::template or_bits<0, 0x30>(codes[4 * h + 2], plane);
        codes[4 * h + 3] = Isa::template or_bits<-2, 0x30>(codes[4 * h + 3], plane);
      }
    }
  }
}

// The sum of (code - offset) * level over the groups of a run.
template <class Isa, class Format>
HWY_INLINE typename Isa::Sums run_sum(const typename Isa::Codes* codes, const int8_t* levels,
                                      const int32_t* sums_of_16) {
  constexpr int kGroups = Format::kRun / 4;
  constexpr int kTogether = Isa::template groups_together<Format::kBits>();
  constexpr int kOffset = Format::kBits == 8 ? Isa::kOffsetOfEightBits : Format::kOffset;
  int32_t start = 0;
  if constexpr (kOffset != 0) {
    start = -kOffset * (Format::kRun == 32 ? sums_of_16[0] + sums_of_16[1] : sums_of_16[0]);
  }
  typename Isa::Sums sum = Isa::broadcast_sum(start);
  for (int g = 0; g < kGroups; g += kTogether) {
    auto partial = Isa::template product<Format::kBits>(codes[g], levels + 4 * g);
    for (int i = 1; i < kTogether; ++i) {
      partial = Isa::template add_product<Format::kBits>(partial, codes[g + i], levels + 4 * (g + i));
    }
    sum = Isa::add(sum, partial);
  }
  return sum;
}

template <class Isa, class Format, int kRows>
void multiply_tile(const IntegerTile& t) {
  using Floats = typename Isa::Floats;
  Floats acc[kRows];
  for (Floats& a : acc) a = Isa::zero();
  const uint8_t* scales = t.scales;
  Floats scale_unit = Isa::zero(), minimum_unit = Isa::zero();
  const int64_t row_levels = kBlockInputs * t.blocks;
  for (int64_t b = 0; b < t.blocks; ++b) {
    if (Format::kSuper && b % kSuperBlocks == 0) {
      scale_unit = Isa::load_halves(scales);
      if (Format::kHasMinimum) minimum_unit = Isa::load_halves(scales + 2 * kPanelWidth);
      scales += Format::kSuperBytes;
    }
    typename Isa::Codes codes[8];
    unpack_codes<Isa, Format>(t.codes + b * Format::kCodeBytes, codes);
    for (int run = 0; run < Format::kRuns; ++run, scales += kPanelWidth * Format::kNumberBytes) {
      const Floats scale =
          Format::kSuper ? Isa::multiply(scale_unit, Isa::load_bytes(scales)) : Isa::load_halves(scales);
      for (int r = 0; r < kRows; ++r) {
        const auto sum = run_sum<Isa, Format>(
            codes + Format::kRun / 4 * run, t.levels + r * row_levels + b * kBlockInputs + Format::kRun * run,
            t.sums + 2 * (r * t.blocks + b) + run);
        const Floats both = Isa::multiply(scale, Isa::broadcast(t.row_scales[r * t.blocks + b]));
        acc[r] = Isa::multiply_add(both, Isa::to_floats(sum), acc[r]);
      }
    }
    if constexpr (Format::kHasMinimum) {
      const Floats minimum = Format::kSuper
                                 ? Isa::negative(Isa::multiply(minimum_unit, Isa::load_bytes(scales)))
                                 : Isa::load_halves(scales);
      scales += kPanelWidth * Format::kNumberBytes;
      for (int r = 0; r < kRows; ++r) {
        acc[r] = Isa::multiply_add(minimum, Isa::broadcast(t.scaled_sums[r * t.blocks + b]), acc[r]);
      }
    }
  }
  for (int r = 0; r < kRows; ++r) Isa::store(acc[r], t.out + r * kPanelWidth);
}

template <class Isa, class Format>
constexpr void set_rows(IntegerKernel (&of)[IntegerKernels::kRowLimit + 1]) {
  of[1] = multiply_tile<Isa, Format, 1>;
  of[2] = multiply_tile<Isa, Format, 2>;
  of[4] = multiply_tile<Isa, Format, 4>;
  if constexpr (Isa::kMaxRows >= 8) of[8] = multiply_tile<Isa, Format, 8>;
}

template <class Isa>
IntegerKernels make_integer_kernels() {
  IntegerKernels kernels{};
  kernels.max_rows = Isa::kMaxRows;
  set_rows<Isa, FormatQ4_0>(kernels.of[0]);
  set_rows<Isa, FormatQ4_1>(kernels.of[1]);
  set_rows<Isa, FormatQ5_0>(kernels.of[2]);
  set_rows<Isa, FormatQ5_1>(kernels.of[3]);
  set_rows<Isa, FormatQ8_0>(kernels.of[4]);
  set_rows<Isa, FormatQ4_K>(kernels.of[5]);
  set_rows<Isa, FormatQ5_K>(kernels.of[6]);
  set_rows<Isa, FormatQ6_K>(kernels.of[7]);
  return kernels;
}
