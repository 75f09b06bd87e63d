#include "ops/quant/integer_matmul.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/parallel.h"
#include "ops/kernel_target_test.h"
#include "tensor/dequantize.h"
#include "tensor/quantize.h"

namespace deepscaler {
namespace {

constexpr DType kFormats[] = {DType::kQ4_0, DType::kQ4_1, DType::kQ5_0, DType::kQ5_1,
                              DType::kQ8_0, DType::kQ4_K, DType::kQ5_K, DType::kQ6_K};

// A weight in blocks.
struct Weight {
  DType dtype;
  int64_t out, in;
  std::vector<std::byte> blocks;

  [[nodiscard]] BlockMatrix matrix() const { return blocks_in_rows(dtype, out, in, blocks); }
  [[nodiscard]] IntegerPanels panels() const { return IntegerPanels(matrix()); }
  [[nodiscard]] std::vector<float> floats() const {
    std::vector<float> values(static_cast<size_t>(out * in));
    dequantize(dtype, blocks, values);
    return values;
  }
};

Weight quantized_weight(DType dtype, int64_t out, int64_t in, uint64_t seed) {
  Weight weight{dtype, out, in, std::vector<std::byte>(static_cast<size_t>(*storage_bytes(dtype, out * in)))};
  const Matrix rows = random_matrix(out, in, seed);
  EXPECT_EQ(quantize(dtype, rows.view(), {}, weight.blocks), std::nullopt);
  return weight;
}

// Any bytes that a file may hold, with scales that are numbers: codes and scales that no quantizer makes too.
Weight hostile_weight(DType dtype, int64_t out, int64_t in) {
  Weight weight{dtype, out, in, std::vector<std::byte>(static_cast<size_t>(*storage_bytes(dtype, out * in)))};
  const Rng rng(5, {static_cast<uint64_t>(dtype)});
  for (size_t i = 0; i < weight.blocks.size(); ++i) {
    // All ones, all zeros, then anything: the largest and smallest codes against the largest levels.
    const size_t block = i / static_cast<size_t>(block_bytes(dtype));
    weight.blocks[i] = block % 3 == 0   ? std::byte{0xff}
                       : block % 3 == 1 ? std::byte{0}
                                        : static_cast<std::byte>(rng.below(256, i));
  }
  const std::vector<size_t> halves =
      dtype == DType::kQ6_K ? std::vector<size_t>{208} : std::vector<size_t>{0, 2};
  const bool second = dtype != DType::kQ4_0 && dtype != DType::kQ5_0 && dtype != DType::kQ8_0;
  for (size_t at = 0; at < weight.blocks.size(); at += static_cast<size_t>(block_bytes(dtype))) {
    for (const size_t half : halves) {
      if (half == 2 && !second) continue;
      const uint16_t number = f32_to_f16(0.01f * static_cast<float>(1 + at % 7));
      std::memcpy(&weight.blocks[at + half], &number, sizeof number);
    }
  }
  return weight;
}

Matrix product(ConstMatrixView x, const IntegerPanels& panels) {
  IntegerRows rows;
  rows.round(x);
  Matrix y(x.rows, panels.out());
  integer_matmul(rows, {{&panels, y.view()}});
  return y;
}

// The same by the kernels without vector instructions.
Matrix reference_product(ConstMatrixView x, const IntegerPanels& panels) {
  const std::string target = kernel_target();
  force_kernel_target("baseline");
  Matrix y = product(x, panels);
  force_kernel_target(target);
  return y;
}

bool same_bits(const Matrix& a, const Matrix& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         std::memcmp(a.data(), b.data(), static_cast<size_t>(a.size()) * sizeof(float)) == 0;
}

class IntegerMatmul : public KernelTargetTest {};
DEEPSCALER_ON_ALL_KERNEL_TARGETS(IntegerMatmul);

// Against the products of the dequantized weight with the rounded inputs, in double.
TEST_P(IntegerMatmul, MultipliesWhatTheBlocksStandFor) {
  constexpr int64_t kOut = 37, kIn = 512;
  for (const DType dtype : kFormats) {
    for (const Weight& weight : {quantized_weight(dtype, kOut, kIn, 1), hostile_weight(dtype, kOut, kIn)}) {
      const std::vector<float> w = weight.floats();
      const Matrix x = random_matrix(5, kIn, 2);
      IntegerRows rows;
      rows.round(x.view());
      const Matrix y = product(x.view(), weight.panels());
      for (int64_t t = 0; t < x.rows(); ++t) {
        for (int64_t o = 0; o < kOut; ++o) {
          double sum = 0, magnitude = 0;
          for (int64_t i = 0; i < kIn; ++i) {
            const double term = static_cast<double>(w[static_cast<size_t>(o * kIn + i)]) * rows.levels(t)[i] *
                                static_cast<double>(rows.scales(t)[i / 32]);
            sum += term;
            magnitude += std::abs(term);
          }
          // A minimum is added in one piece: its terms cancel with those of the codes.
          ASSERT_NEAR(y.row(t)[o], sum, 3e-6 * magnitude + 1e-6) << dtype_name(dtype) << " " << t << " " << o;
        }
      }
    }
  }
}

TEST_P(IntegerMatmul, HasTheBitsOfScalarCode) {
  for (const DType dtype : kFormats) {
    for (const Weight& weight : {quantized_weight(dtype, 50, 768, 3), hostile_weight(dtype, 50, 768)}) {
      const IntegerPanels panels = weight.panels();
      for (const int64_t rows : {1, 2, 3, 7, 8, 13, 70}) {
        const Matrix x = random_matrix(rows, 768, static_cast<uint64_t>(rows));
        ASSERT_TRUE(same_bits(product(x.view(), panels), reference_product(x.view(), panels)))
            << dtype_name(dtype) << ", " << rows << " rows";
      }
    }
  }
}

TEST_P(IntegerMatmul, RowsAloneAndTogetherOnAnyThreads) {
  const Matrix x = random_matrix(67, 512, 4);
  for (const DType dtype : kFormats) {
    const IntegerPanels panels = quantized_weight(dtype, 80, 512, 5).panels();
    const Matrix together = product(x.view(), panels);
    for (const int threads : {1, 3}) {
      set_thread_count(threads);
      for (const int64_t row : {0, 1, 31, 64, 66}) {
        const Matrix alone = product(x.view().middle_rows(row, 1), panels);
        ASSERT_EQ(std::memcmp(alone.data(), together.row(row), 80 * sizeof(float)), 0)
            << dtype_name(dtype) << ", row " << row;
      }
    }
  }
}

TEST_P(IntegerMatmul, AddsToWhatIsThere) {
  const Matrix x = random_matrix(3, 256, 6);
  const IntegerPanels panels = quantized_weight(DType::kQ4_K, 20, 256, 7).panels();
  IntegerRows rows;
  rows.round(x.view());
  Matrix y = random_matrix(3, 20, 8);
  const Matrix before = random_matrix(3, 20, 8), plain = product(x.view(), panels);
  integer_matmul(rows, {{&panels, y.view()}}, Accumulate::kYes);
  for (int64_t i = 0; i < y.size(); ++i) EXPECT_EQ(y.data()[i], before.data()[i] + plain.data()[i]);
}

// Weights of several formats that read the same inputs.
TEST_P(IntegerMatmul, ProjectionsTogetherAreThoseAlone) {
  const Matrix x = random_matrix(3, 256, 6);
  const IntegerPanels a = quantized_weight(DType::kQ4_K, 20, 256, 7).panels(),
                      b = quantized_weight(DType::kQ6_K, 48, 256, 8).panels();
  IntegerRows rows;
  rows.round(x.view());
  Matrix of_a(3, 20), of_b(3, 48);
  integer_matmul(rows, {{&a, of_a.view()}, {&b, of_b.view()}});
  EXPECT_TRUE(same_bits(of_a, product(x.view(), a)));
  EXPECT_TRUE(same_bits(of_b, product(x.view(), b)));
}

TEST_P(IntegerMatmul, WhatIsNotFiniteStaysSo) {
  Matrix x = random_matrix(2, 64, 9);
  x.row(1)[40] = std::numeric_limits<float>::infinity();
  const Matrix y = product(x.view(), quantized_weight(DType::kQ8_0, 16, 64, 10).panels());
  for (int64_t o = 0; o < 16; ++o) {
    EXPECT_TRUE(std::isfinite(y.row(0)[o]));
    EXPECT_TRUE(std::isnan(y.row(1)[o]));
  }
}

TEST(IntegerRows, RoundToTheNearestOf255Levels) {
  Matrix x(1, 96);
  for (int64_t i = 0; i < 96; ++i) x.row(0)[i] = i < 32 ? static_cast<float>(i - 16) : i < 64 ? 0 : 1e-35f;
  x.row(0)[3] = 2.5f * 16 / 127;   // 2.5 levels: to the even one
  x.row(0)[4] = -3.5f * 16 / 127;  // -3.5: likewise
  IntegerRows rows;
  rows.round(x.view());
  EXPECT_EQ(rows.scales(0)[0], 16.0f / 127);
  EXPECT_EQ(rows.levels(0)[0], -127);
  EXPECT_EQ(rows.levels(0)[3], 2);
  EXPECT_EQ(rows.levels(0)[4], -4);
  EXPECT_EQ(rows.levels(0)[24], 64);  // 63.5
  int32_t sum = 0;
  for (int i = 0; i < 16; ++i) sum += rows.levels(0)[i];
  EXPECT_EQ(rows.sums(0)[0], sum);
  for (const int block : {1, 2}) {
    EXPECT_EQ(rows.scales(0)[block], 0);
    EXPECT_EQ(rows.levels(0)[32 * block], 0);
  }
}

TEST(BlockMatrix, PanelsHaveTheBitsOfItsFloats) {
  for (const DType dtype : kFormats) {
    const Weight weight = quantized_weight(dtype, 37, 256, 1);
    const std::vector<float> floats = weight.floats();
    std::vector<float> wanted(static_cast<size_t>(panel_size(37, 256))), panels(wanted.size(), 1.0f);
    pack_panels({floats.data(), 37, 256}, {wanted.data(), 37, 256});
    dequantize_panels(weight.matrix(), 0, 1, panels.data());
    dequantize_panels(weight.matrix(), 1, 2, panels.data() + panel_offset(256, kPanelWidth, 0));
    EXPECT_EQ(panels, wanted) << dtype_name(dtype);
  }
}

TEST(IntegerPanels, TakeTheMemoryOfTheirFormat) {
  for (const DType dtype : kFormats) {
    const Weight weight = quantized_weight(dtype, 32, 512, 1);
    const auto stored = static_cast<double>(weight.blocks.size());
    EXPECT_NEAR(static_cast<double>(weight.panels().size_bytes()) / stored, 1, 0.06) << dtype_name(dtype);
  }
}

}  // namespace
}  // namespace deepscaler
