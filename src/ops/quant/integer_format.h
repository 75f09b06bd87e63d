// How GGUF's block formats (tensor/dtype.h) are multiplied in integers. A weight is
//
//   scale * (code - offset) + minimum
//
// with a code of 4, 5, 6 or 8 bits, a scale for each run of 16 or 32 inputs and, in some formats, a minimum
// for each block of 32. Scales and minima are in binary16, or small integers times a number in binary16 for
// each super-block of 256.
#pragma once

#include <cstdint>

#include "ops/panels.h"

namespace deepscaler {

inline constexpr int64_t kBlockInputs = 32;
inline constexpr int64_t kSuperBlocks = 8;  // blocks that share a number in binary16
inline constexpr int64_t kLineBytes = 64;   // four codes each of a panel's sixteen outputs

// Codes lie in panels of 16 outputs, a block of 32 inputs after the other, each in lines of 64 bytes: byte 4
// o + k belongs to output o and to input 4 g + k of a group g of four inputs. Nibbles: line g (0 to 3) has
// the lower four bits of group g in its low nibbles, those of group g + 4 in the high ones. Then the fifth
// bits: one line, bit g for group g; or bits five and six: two lines, bits 2 j and 2 j + 1 of line h for
// group 4 h + j. Codes of eight bits: line g for group g.
template <int kBitsOfCode, int kOffsetOfCode, bool kMinimum, bool kInSuperBlocks, int kInputsOfRun>
struct IntegerFormat {
  static constexpr int kBits = kBitsOfCode;
  static constexpr int kOffset = kOffsetOfCode;
  static constexpr bool kHasMinimum = kMinimum;
  static constexpr bool kSuper = kInSuperBlocks;
  static constexpr int kRun = kInputsOfRun;
  static constexpr int kRuns = kBlockInputs / kRun;
  static constexpr int kLines = kBits == 8 ? 8 : kBits;  // 4, and a line for each further bit
  static constexpr int64_t kCodeBytes = kLines * kLineBytes;
  // Behind the codes of a panel, block by block: scales by run, then minima, a number an output.
  static constexpr int64_t kNumberBytes = kSuper ? 1 : 2;
  static constexpr int64_t kScaleBytes = kPanelWidth * kNumberBytes * (kRuns + (kHasMinimum ? 1 : 0));
  // Before the first block of a super-block: what scales, and what minima are multiplied by.
  static constexpr int64_t kSuperBytes = kSuper ? kPanelWidth * 2 * (kHasMinimum ? 2 : 1) : 0;

  [[nodiscard]] static constexpr int64_t panel_bytes(int64_t blocks) {
    return blocks * (kCodeBytes + kScaleBytes) + (kSuper ? blocks / kSuperBlocks * kSuperBytes : 0);
  }
};

using FormatQ4_0 = IntegerFormat<4, 8, false, false, 32>;
using FormatQ4_1 = IntegerFormat<4, 0, true, false, 32>;
using FormatQ5_0 = IntegerFormat<5, 16, false, false, 32>;
using FormatQ5_1 = IntegerFormat<5, 0, true, false, 32>;
using FormatQ8_0 = IntegerFormat<8, 128, false, false, 32>;
using FormatQ4_K = IntegerFormat<4, 0, true, true, 32>;
using FormatQ5_K = IntegerFormat<5, 0, true, true, 32>;
using FormatQ6_K = IntegerFormat<6, 32, false, true, 16>;

}  // namespace deepscaler
