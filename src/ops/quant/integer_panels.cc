#include "ops/quant/integer_panels.h"

#include <cstring>

#include "base/error.h"
#include "base/parallel.h"
#include "ops/quant/integer_format.h"

namespace deepscaler {
namespace {

// A block of 32 inputs of one output, taken out of its format.
struct Block {
  uint8_t codes[kBlockInputs];
  uint8_t scales[2 * 2];  // numbers of the runs, then the minimum, as they are stored
  uint8_t minimum[2];
};

using Bytes = const uint8_t*;

void low_and_high_nibbles(Bytes nibbles, uint8_t* codes) {
  for (int j = 0; j < 16; ++j) {
    codes[j] = nibbles[j] & 15;
    codes[j + 16] = nibbles[j] >> 4;
  }
}

void add_fifth_bits(Bytes word, uint8_t* codes) {
  uint32_t bits;
  std::memcpy(&bits, word, sizeof bits);
  for (int j = 0; j < kBlockInputs; ++j) codes[j] |= static_cast<uint8_t>((bits >> j & 1) << 4);
}

// Formats of 32: d, perhaps m, then the codes.
template <class Format>
void read_plain(Bytes block, Block& out) {
  std::memcpy(out.scales, block, 2);
  block += 2;
  if constexpr (Format::kHasMinimum) {
    std::memcpy(out.minimum, block, 2);
    block += 2;
  }
  if constexpr (Format::kBits == 8) {
    for (int j = 0; j < kBlockInputs; ++j) out.codes[j] = block[j] ^ 0x80;
    return;
  }
  low_and_high_nibbles(block + (Format::kBits == 5 ? 4 : 0), out.codes);
  if constexpr (Format::kBits == 5) add_fifth_bits(block, out.codes);
}

// Q4_K and Q5_K, run `run` of a super-block.
template <class Format>
void read_run(Bytes block, int run, Block& out) {
  Bytes packed = block + 4;
  if (run < 4) {
    out.scales[0] = packed[run] & 63;
    out.minimum[0] = packed[run + 4] & 63;
  } else {
    out.scales[0] = static_cast<uint8_t>((packed[run + 4] & 15) | (packed[run - 4] >> 6) << 4);
    out.minimum[0] = static_cast<uint8_t>((packed[run + 4] >> 4) | (packed[run] >> 6) << 4);
  }
  Bytes nibbles = block + (Format::kBits == 5 ? 48 : 16) + run / 2 * 32;
  for (int l = 0; l < kBlockInputs; ++l) {
    out.codes[l] = nibbles[l] >> (run % 2 * 4) & 15;
    if constexpr (Format::kBits == 5) {
      out.codes[l] |= static_cast<uint8_t>((block[16 + l] >> run & 1) << 4);
    }
  }
}

// Q6_K, runs 2 b and 2 b + 1 of 16.
void read_small_runs(Bytes block, int b, Block& out) {
  const int half = b / 4, quarter = b % 4;
  Bytes low = block + 64 * half + 32 * (quarter & 1), high = block + 128 + 32 * half;
  std::memcpy(out.scales, block + 192 + 2 * b, 2);
  for (int l = 0; l < kBlockInputs; ++l) {
    const int nibble = low[l] >> (quarter >= 2 ? 4 : 0) & 15;
    out.codes[l] = static_cast<uint8_t>(nibble | (high[l] >> 2 * quarter & 3) << 4);
  }
}

// Where the codes of output o and input i of a block stand.
template <class Format>
void put_code(int64_t o, int64_t i, uint8_t code, uint8_t* lines) {
  const int64_t group = i / 4, at = 4 * o + i % 4;
  if constexpr (Format::kBits == 8) {
    lines[kLineBytes * group + at] = code;
    return;
  }
  lines[kLineBytes * (group % 4) + at] |= static_cast<uint8_t>((code & 15) << (group < 4 ? 0 : 4));
  uint8_t* planes = lines + 4 * kLineBytes;
  if constexpr (Format::kBits == 5) planes[at] |= static_cast<uint8_t>((code >> 4) << group);
  if constexpr (Format::kBits == 6) {
    planes[kLineBytes * (group / 4) + at] |= static_cast<uint8_t>((code >> 4) << (group % 4 * 2));
  }
}

// Output o of a panel, from its row of blocks.
template <class Format>
void pack_output(Bytes row, int64_t block_bytes, int64_t blocks, int64_t o, uint8_t* panel) {
  constexpr int64_t kNumber = Format::kNumberBytes;
  constexpr bool kSmallRuns = Format::kRuns == 2;
  uint8_t* scales = panel + blocks * Format::kCodeBytes;
  for (int64_t b = 0; b < blocks; ++b) {
    const auto run = static_cast<int>(b % kSuperBlocks);
    Bytes stored = row + (Format::kSuper ? b / kSuperBlocks : b) * block_bytes;
    if (Format::kSuper && run == 0) {
      std::memcpy(scales + 2 * o, stored + (kSmallRuns ? 208 : 0), 2);
      if (Format::kHasMinimum) std::memcpy(scales + 2 * (kPanelWidth + o), stored + 2, 2);
      scales += Format::kSuperBytes;
    }
    Block block;
    if constexpr (!Format::kSuper) {
      read_plain<Format>(stored, block);
    } else if constexpr (kSmallRuns) {
      read_small_runs(stored, run, block);
    } else {
      read_run<Format>(stored, run, block);
    }
    for (int64_t i = 0; i < kBlockInputs; ++i) {
      put_code<Format>(o, i, block.codes[i], panel + b * Format::kCodeBytes);
    }
    for (int64_t r = 0; r < Format::kRuns; ++r) {
      std::memcpy(scales + kNumber * (r * kPanelWidth + o), block.scales + kNumber * r, kNumber);
    }
    if constexpr (Format::kHasMinimum) {
      std::memcpy(scales + kNumber * (Format::kRuns * kPanelWidth + o), block.minimum, kNumber);
    }
    scales += Format::kScaleBytes;
  }
}

struct Packing {
  int64_t (*panel_bytes)(int64_t blocks);
  void (*pack_output)(Bytes, int64_t, int64_t, int64_t, uint8_t*);
};

template <class Format>
constexpr Packing packing() {
  return {Format::panel_bytes, pack_output<Format>};
}

Packing packing_of(DType dtype) {
  switch (dtype) {
    case DType::kQ4_0:
      return packing<FormatQ4_0>();
    case DType::kQ4_1:
      return packing<FormatQ4_1>();
    case DType::kQ5_0:
      return packing<FormatQ5_0>();
    case DType::kQ5_1:
      return packing<FormatQ5_1>();
    case DType::kQ8_0:
      return packing<FormatQ8_0>();
    case DType::kQ4_K:
      return packing<FormatQ4_K>();
    case DType::kQ5_K:
      return packing<FormatQ5_K>();
    case DType::kQ6_K:
      return packing<FormatQ6_K>();
    default:
      DEEPSCALER_CHECK(false, "integer products of {}", dtype_name(dtype));
      return {};
  }
}

}  // namespace

bool has_integer_products(DType dtype) { return block_elements(dtype) > 1; }

IntegerPanels::IntegerPanels(const BlockMatrix& matrix)
    : dtype_(matrix.dtype), out_(matrix.out), in_(matrix.in) {
  const Packing packing = packing_of(dtype_);
  const int64_t count = in_ / kBlockInputs;
  panel_bytes_ = packing.panel_bytes(count);
  data_ = Buffer<uint8_t>(panel_count(out_) * panel_bytes_);
  parallel_for(panel_count(out_), [&](int64_t p) {
    for (int64_t o = 0; o < std::min(kPanelWidth, out_ - p * kPanelWidth); ++o) {
      const auto* row = reinterpret_cast<const uint8_t*>(matrix.row(p * kPanelWidth + o));
      packing.pack_output(row, block_bytes(dtype_), count, o, data_.data() + p * panel_bytes_);
    }
  });
}

}  // namespace deepscaler
