#include "tensor/block_pool.h"

#include <gtest/gtest.h>
#include <unistd.h>

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

TEST(BlockPool, HandsOutAgainWhatFits) {
  void* const first = take_and_touch(64 * kMiB);
  return_pooled_block(first);
  for (const size_t size : {64 * kMiB, 63 * kMiB + 1, 50 * kMiB}) {
    const PooledBlock again = take_pooled_block(size);
    EXPECT_EQ(again.data, first) << size;
    EXPECT_FALSE(again.zeroed);
    return_pooled_block(again.data);
  }
}

TEST(BlockPool, DoesNotWasteALargeBlockOnASmallOne) {
  void* const large = take_and_touch(64 * kMiB);
  return_pooled_block(large);
  const PooledBlock small = take_pooled_block(4 * kMiB);
  EXPECT_NE(small.data, large);
  return_pooled_block(small.data);
}

// Two phases take turns, of blocks that do not fit each other: the process is as large as the larger of them,
// and the larger finds what the smaller left of its blocks.
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
