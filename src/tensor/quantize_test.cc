#include "tensor/quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "base/sha256.h"
#include "tensor/block_fit.h"
#include "tensor/dequantize.h"

namespace deepscaler {
namespace {

constexpr int64_t kRows = 64, kCols = 1536;

// The input of the reference's blocks: near normal numbers, each the sum of four of 24 bits, which are exact
// in f32; large ones here and there, a run of zeros, of positive numbers, of equal and of tiny ones.
struct Input {
  std::vector<float> x, weights;
};

const Input& input() {
  static const Input kInput = [] {
    uint32_t state = 1;
    const auto draw = [&state] {
      uint32_t sum = 0;
      for (int i = 0; i < 4; ++i) {
        state = state * 1664525 + 1013904223;
        sum += state >> 10;
      }
      return static_cast<float>(sum) / 0x1p22f - 2;
    };
    Input in;
    for (int64_t i = 0; i < kRows * kCols; ++i) in.x.push_back(draw() / 16 * (i % 97 == 0 ? 8 : 1));
    for (int64_t c = 0; c < 256; ++c) {
      in.x[static_cast<size_t>(5 * kCols + c)] = 0;
      float& positive = in.x[static_cast<size_t>(6 * kCols + c)];
      positive = std::abs(positive);
      in.x[static_cast<size_t>(7 * kCols + c)] = 0.03125f;
      if (c < 32) in.x[static_cast<size_t>(8 * kCols + c)] *= 1e-6f;
    }
    for (int64_t c = 0; c < kCols; ++c) {
      const float v = draw();
      in.weights.push_back(v * v + 0.01f);
    }
    return in;
  }();
  return kInput;
}

std::string hash_of(std::span<const std::byte> bytes) {
  return sha256_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::vector<std::byte> quantized(DType dtype, ConstMatrixView rows, std::span<const float> importance) {
  std::vector<std::byte> bytes(static_cast<size_t>(*storage_bytes(dtype, rows.rows * rows.cols)));
  EXPECT_EQ(quantize(dtype, rows, importance, bytes), std::nullopt);
  return bytes;
}

TEST(Quantize, InputIsTheOneOfTheReference) {
  EXPECT_EQ(hash_of(std::as_bytes(std::span(input().x))).substr(0, 16), "8323bec459e54d2b");
  EXPECT_EQ(hash_of(std::as_bytes(std::span(input().weights))).substr(0, 16), "f110012f2c230b5d");
}

// SHA-256 of the blocks that llama.cpp's quantizers make of that input (llama_cpp_python 0.3.36, GCC 12,
// x86-64 without FMA), without and with the weights, and the largest relative error (root mean square).
struct Reference {
  DType dtype;
  const char* plain;
  const char* weighted;
  double error;
};
constexpr Reference kReferences[] = {
    {DType::kQ4_0, "08c9a1d442ecae01fdc4e7c1dfae3ceca0a5d8a9cf4ae2fac3bf14fcdc6395b7",
     "48afadd73544df742b9f7afa0a61a8df60de6e173f9225daa0880dc8e1ac54c4", 0.14},
    {DType::kQ4_1, "64989c62110dd20ea0dc506feb79271812e93e7fbe1a1d14b2d9179a12dfbcfa",
     "bc30de0710daa03177ada762650101d5b4046863fc2fe2186c0088142904ae7f", 0.095},
    {DType::kQ5_0, "73735fb95f6846c621b4f501a760fda887f0ad5c81339f62f4928304f7d2fc6c",
     "3734fd9ca6a78d5cabc473233e3545765fa63972683fdcc831b464ee6dcef5b3", 0.07},
    {DType::kQ5_1, "f47198fc32388c91eb4840785c95463a882c153389c1a886365baf2e7ab98b8c",
     "c9e71cf17f591f9cec06be4f88bfb9665831744ce6e863449f74f4bf3d1558b1", 0.046},
    {DType::kQ8_0, "7ff9f92f9fbe3a59d42efc86dcd52c14d3aba0ac83e33f46cfd8318c92d5ce44",
     "7ff9f92f9fbe3a59d42efc86dcd52c14d3aba0ac83e33f46cfd8318c92d5ce44", 0.009},
    {DType::kQ4_K, "665aea4f732c1111b4a4620cf53e84df7d73b5133af7a12447ba9b7276a82fff",
     "8c2a834fc357c823cbaa0bc73146df4736c0f334121b6ed77b0a6659d6748784", 0.093},
    {DType::kQ5_K, "b7faceb5b9e20323b02a349a199cdb830b753e71358494801770e5359c04aa32",
     "0e7d148321129c50e8f93dae57664fffcae539c1ca717cc20d2e81ff820924d2", 0.047},
    {DType::kQ6_K, "0464ba064e58d00cf5335c37451a9027ac52cf8e537839481fbd4abe9b007e61",
     "b037ac36e358a3dae14b00f4a6247a66f2edc8e182d48bedbd00e9d160386706", 0.028},
};

class Quantize : public testing::TestWithParam<Reference> {};
INSTANTIATE_TEST_SUITE_P(AllBlocks, Quantize, testing::ValuesIn(kReferences),
                         [](const auto& info) { return std::string(dtype_name(info.param.dtype)); });

TEST_P(Quantize, GivesTheBytesOfTheReference) {
  const Reference& reference = GetParam();
  const ConstMatrixView rows(input().x.data(), kRows, kCols);
  const auto plain = quantized(reference.dtype, rows, {});
  const auto weighted = quantized(reference.dtype, rows, input().weights);
  EXPECT_EQ(hash_of(plain), reference.plain);
  EXPECT_EQ(hash_of(weighted), reference.weighted);
  EXPECT_EQ(uses_importance(reference.dtype), plain != weighted);

  for (const auto& blocks : {plain, weighted}) {
    std::vector<float> back(input().x.size());
    dequantize(reference.dtype, blocks, back);
    double error = 0, size = 0;
    for (size_t i = 0; i < back.size(); ++i) {
      const double x = input().x[i];
      error += (back[i] - x) * (back[i] - x);
      size += x * x;
    }
    EXPECT_LT(std::sqrt(error / size), reference.error);
  }
}

TEST_P(Quantize, DoesNotDependOnThreadsOrOnTheFloatMode) {
  const DType dtype = GetParam().dtype;
  // Numbers whose squares, and some of which themselves, are below 2^-126.
  std::vector<float> tiny = input().x;
  for (size_t i = 0; i < tiny.size(); ++i) tiny[i] *= i < tiny.size() / 2 ? 0x1p-70f : 0x1p-124f;
  const ConstMatrixView rows(tiny.data(), kRows, kCols);
  const unsigned mode = _mm_getcsr();
  _mm_setcsr(0x1f80);  // as a program starts
  set_thread_count(1);
  const auto one = quantized(dtype, rows, input().weights);
  use_common_float_mode();
  set_thread_count(3);
  EXPECT_EQ(quantized(dtype, rows, input().weights), one);
  EXPECT_EQ(_mm_getcsr() & 0x8040u, 0x8040u) << "the mode is as before";
  set_thread_count(0);
  _mm_setcsr(mode);
}

TEST(Quantize, RowsOfViewsWithAStride) {
  const ConstMatrixView wide(input().x.data(), kRows, 512, kCols);
  const auto bytes = quantized(DType::kQ4_K, wide, {});
  const ConstMatrixView row(input().x.data() + 3 * kCols, 1, 512);
  const auto alone = quantized(DType::kQ4_K, row, {});
  EXPECT_EQ(std::memcmp(&bytes[3 * 288], alone.data(), 288), 0);
}

TEST(Quantize, PlainFormatsRoundToNearest) {
  const std::vector<float> x = {1, -0.1f, 65504, 0x1p-24f};
  const ConstMatrixView row(x.data(), 1, 4);
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
    std::vector<float> back(x.size());
    dequantize(dtype, quantized(dtype, row, {}), back);
    for (size_t i = 0; i < x.size(); ++i) {
      const float expected = dtype == DType::kF32   ? x[i]
                             : dtype == DType::kF16 ? f16_to_f32(f32_to_f16(x[i]))
                                                    : bf16_to_f32(f32_to_bf16(x[i]));
      EXPECT_EQ(back[i], expected) << dtype_name(dtype);
    }
  }
}

TEST(Quantize, SaysWhichRowDoesNotFit) {
  std::vector<float> x(3 * 256, 1);
  for (size_t i = 256; i < 512; ++i) x[i] = i % 2 == 0 ? 3e7f : -2e7f;  // a scale beyond 65504 in any format
  std::vector<std::byte> bytes(x.size() * sizeof(float));
  for (const DType dtype : kAllDTypes) {
    if (dtype == DType::kF64) continue;
    const auto size = static_cast<size_t>(*storage_bytes(dtype, std::ssize(x)));
    const bool fits = dtype == DType::kF32 || dtype == DType::kBF16 || dtype == DType::kQ6_K;
    EXPECT_EQ(quantize(dtype, {x.data(), 3, 256}, {}, std::span(bytes).first(size)),
              fits ? std::nullopt : std::optional<int64_t>(1))
        << dtype_name(dtype);
  }
}

TEST(Quantize, AZeroOfEitherSignHasTheScaleOfTheReference) {
  for (const float zero : {0.0f, -0.0f}) {
    const std::vector<float> x(32, zero);
    const auto bytes = quantized(DType::kQ4_0, {x.data(), 1, 32}, {});
    EXPECT_EQ(static_cast<int>(bytes[1]), 0x80);  // +0 / -8
  }
}

TEST(BlockFit, NearestLevelTiesToEven) {
  EXPECT_EQ(nearest_level(0.5f), 0);
  EXPECT_EQ(nearest_level(1.5f), 2);
  EXPECT_EQ(nearest_level(-2.5f), -2);
  EXPECT_EQ(nearest_level(-3.6f), -4);
}

}  // namespace
}  // namespace deepscaler
