#include "tensor/buffer.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <algorithm>
#include <vector>

#include <fstream>
#include <utility>

namespace deepscaler {
namespace {

int64_t resident_bytes() {
  int64_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

TEST(Buffer, IsZeroAndAligned) {
  for (const int64_t count : {1, 15, 1000, 300'000, 2'000'000}) {
    Buffer<float> buffer(count);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 64, 0u) << count;
    for (int64_t i = 0; i < count; ++i) ASSERT_EQ(buffer[i], 0) << count << ", " << i;
    for (float& x : buffer.span()) x = 1;  // what the next one would find
  }
}

TEST(Buffer, TakesPagesWhenTheyAreTouched) {
  const int64_t before = resident_bytes();
  Buffer<float> buffer(int64_t{64} << 20, Contents::kAny);
  EXPECT_LT(resident_bytes() - before, int64_t{32} << 20);
  for (int64_t i = 0; i < buffer.size(); i += 1024) buffer[i] = 1;
  EXPECT_GT(resident_bytes(), int64_t{256} << 20);
}

TEST(Buffer, GrowsByHalfAtLeastAndNeverShrinks) {
  Buffer<float> buffer(1000);
  buffer.reserve_discarding(1001);
  EXPECT_EQ(buffer.size(), 1500);
  const float* data = buffer.data();
  buffer.reserve_discarding(1400);
  EXPECT_EQ(buffer.data(), data);
  buffer.reserve_discarding(9000);
  EXPECT_EQ(buffer.size(), 9000);
}

// Buffers that creep up, one after the other: their room to grow holds no pages that another could have.
TEST(Buffer, WhatGrowsTakesNoMoreThanIsInUse) {
  constexpr int64_t kMib = 1 << 20, kFloats = kMib / 4;
  std::vector<Buffer<float>> buffers(10);
  const auto grow_to = [&](int64_t mib) {
    for (Buffer<float>& buffer : buffers) {
      buffer.reserve_discarding(mib * kFloats);
      std::fill_n(buffer.data(), mib * kFloats, 1.0f);
    }
  };
  const int64_t before = resident_bytes();
  grow_to(20);
  grow_to(22);
  EXPECT_LT(resident_bytes() - before, (10 * 22 + 24) * kMib);
}

TEST(Buffer, MovesItsMemory) {
  Buffer<float> from(1000);
  const float* data = from.data();
  const Buffer<float> to = std::move(from);
  EXPECT_EQ(to.data(), data);
}

}  // namespace
}  // namespace deepscaler
