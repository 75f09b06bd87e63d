#include "tensor/dequantize.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/file.h"

namespace deepscaler {
namespace {

class Dequantize : public testing::TestWithParam<DType> {};

TEST_P(Dequantize, GivesTheBitsOfTheReference) {
  const std::string stem = std::string(DEEPSCALER_GOLDENS "/dtype/") + std::string(dtype_name(GetParam()));
  const std::string stored = read_file(stem + ".bin");
  const std::string expected = read_file(stem + ".f32");
  ASSERT_FALSE(expected.empty());
  std::vector<float> values(expected.size() / sizeof(float));
  // One byte off any alignment, as a tensor in a file may be.
  std::vector<std::byte> shifted(stored.size() + 1);
  std::memcpy(&shifted[1], stored.data(), stored.size());
  dequantize(GetParam(), std::span(shifted).subspan(1), values);
  EXPECT_EQ(std::memcmp(values.data(), expected.data(), expected.size()), 0);
}

INSTANTIATE_TEST_SUITE_P(AllTypes, Dequantize, testing::ValuesIn(kAllDTypes),
                         [](const auto& info) { return std::string(dtype_name(info.param)); });

TEST(Dequantize, AcceptsNothing) { dequantize(DType::kQ4_0, {}, {}); }

}  // namespace
}  // namespace deepscaler
