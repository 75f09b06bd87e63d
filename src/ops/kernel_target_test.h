// For tests of what depends on the kernels: every instruction set of this machine, and matrices of random
// numbers.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "base/rng.h"
#include "ops/kernel_target.h"
#include "tensor/matrix.h"

namespace deepscaler {

// Tests that compute with the instruction set that their parameter names. They may change the number of
// threads.
class KernelTargetTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { force_kernel_target(GetParam()); }
  void TearDown() override {
    force_kernel_target("auto");
    set_thread_count(0);
  }
};

// Instantiates a KernelTargetTest.
#define DEEPSCALER_ON_ALL_KERNEL_TARGETS(test)                                           \
  INSTANTIATE_TEST_SUITE_P(Targets, test, testing::ValuesIn(available_kernel_targets()), \
                           [](const auto& info) { return info.param; })

inline Matrix random_matrix(int64_t rows, int64_t cols, uint64_t seed) {
  Matrix m(rows, cols);
  const Rng rng(seed, {});
  for (int64_t i = 0; i < m.size(); ++i) m.data()[i] = rng.normal(i);
  return m;
}

// The numbers of a matrix, for a twin in double precision.
using Doubles = std::vector<double>;
inline Doubles doubles(const Matrix& m) { return {m.data(), m.data() + m.size()}; }

}  // namespace deepscaler
