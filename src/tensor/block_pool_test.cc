#include "tensor/block_pool.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <vector>

namespace deepscaler {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

int64_t resident_mib() {
  int64_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE) / static_cast<int64_t>(kMiB);
}

void* take_and_touch(size_t size) {
  const PooledBlock block = take_pooled_block(size);
  std::memset(block.data, 1, size);
  return block.data;
}

size_t count_ones(const void* data, size_t size) {
  const char* bytes = static_cast<const char*>(data);
  return static_cast<size_t>(std::count(bytes, bytes + size, 1));
}

// Smaller, larger and equal ones, of pieces of what was there before.
TEST(BlockPool, MovesKeptPagesToBlocksOfOtherSizes) {
  std::vector<void*> blocks;
  for (const size_t mib : {20, 40, 30}) blocks.push_back(take_and_touch(mib * kMiB));
  for (void* block : blocks) return_pooled_block(block);
  blocks.clear();
  for (const size_t mib : {10, 66, 14}) {
    const PooledBlock block = take_pooled_block(mib * kMiB);
    EXPECT_FALSE(block.zeroed);
    EXPECT_EQ(count_ones(block.data, mib * kMiB), mib * kMiB);
    blocks.push_back(block.data);
  }
  const PooledBlock fresh = take_pooled_block(8 * kMiB);
  EXPECT_TRUE(fresh.zeroed);
  EXPECT_EQ(count_ones(fresh.data, 8 * kMiB), 0u);
  blocks.push_back(fresh.data);
  for (void* block : blocks) return_pooled_block(block);

  const PooledBlock half = take_pooled_block(100 * kMiB);  // two MiB of it are fresh
  EXPECT_FALSE(half.zeroed);
  EXPECT_EQ(count_ones(half.data, 100 * kMiB), 90 * kMiB);
  return_pooled_block(half.data);
}

// Two phases take turns: the process is as large as the larger of them.
TEST(BlockPool, KeepsNoMoreThanWasInUseAtOneTime) {
  const int64_t before = resident_mib();
  for (int turn = 0; turn < 3; ++turn) {
    std::vector<void*> blocks;
    for (int i = 0; i < 10; ++i) blocks.push_back(take_and_touch(20 * kMiB));
    EXPECT_LT(resident_mib() - before, 210);
    for (void* block : blocks) return_pooled_block(block);

    blocks.clear();
    for (int i = 0; i < 2; ++i) blocks.push_back(take_and_touch(50 * kMiB));
    EXPECT_LT(resident_mib() - before, 210);
    for (void* block : blocks) return_pooled_block(block);
  }
}

TEST(BlockPool, RefusesWhatNoMachineHas) {
  EXPECT_EQ(take_pooled_block(SIZE_MAX - kMiB).data, nullptr);
  EXPECT_EQ(take_pooled_block(size_t{1} << 60).data, nullptr);
}

}  // namespace
}  // namespace deepscaler
