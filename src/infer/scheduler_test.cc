#include "infer/scheduler.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace deepscaler {
namespace {

// Plays the engine: every sample wants `length` tokens. Checks what a forward pass relies on and
// returns the number of passes.
struct Play {
  explicit Play(const SchedulerConfig& config) : config(config), scheduler(config) {}

  void add(int64_t prompt, int64_t samples, int64_t length) {
    scheduler.add(prompt, samples, length);
    prompts.push_back(prompt);
    lengths.push_back(length);
  }

  int run() {
    int passes = 0;
    while (!scheduler.done()) {
      const SchedulerPass pass = scheduler.next();
      EXPECT_FALSE(pass.work.empty());
      if (pass.work.empty()) return -1;
      check(pass);
      std::vector<std::pair<int64_t, int64_t>> finished;
      for (const auto& work : pass.work) {
        for (int64_t sample : work.draws) {
          if (++generated[{work.group, sample}] == lengths[work.group])
            finished.emplace_back(work.group, sample);
        }
      }
      scheduler.commit(pass, finished);
      ++passes;
    }
    for (const auto& [name, count] : generated) EXPECT_EQ(count, lengths[name.first]);
    return passes;
  }

  void check(const SchedulerPass& pass) {
    std::set<int32_t> owned;  // blocks written by this pass
    for (const auto& work : pass.work) {
      const int64_t end = work.first + work.count;
      ASSERT_GE(std::ssize(work.blocks) * config.keys_per_block, end);
      for (int32_t block : work.blocks) ASSERT_TRUE(block >= 0 && block < config.blocks);
      for (int64_t p = work.first / config.keys_per_block; p * config.keys_per_block < end; ++p) {
        ASSERT_TRUE(owned.insert(work.blocks[p]).second) << "two sequences write block " << work.blocks[p];
      }
      if (work.sample) {
        const int64_t length = prompts[work.group] + generated[{work.group, *work.sample}];
        ASSERT_EQ(end, length);
      }
    }
  }

  SchedulerConfig config;
  Scheduler scheduler;
  std::vector<int64_t> prompts, lengths;
  std::map<std::pair<int64_t, int64_t>, int64_t> generated;
};

TEST(Scheduler, AGroupsPromptIsComputedOnce) {
  Play play({.blocks = 100, .keys_per_block = 32});
  play.scheduler.add(40, 4, 3);
  const SchedulerPass first = play.scheduler.next();
  ASSERT_EQ(first.work.size(), 1u);
  EXPECT_EQ(first.work[0].count, 40);
  EXPECT_EQ(first.work[0].draws, (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(first.copies.size(), 4u);  // the partly filled second block, for each sample
  EXPECT_EQ(first.copies[0].keys, 8);
  play.scheduler.commit(first, {});
  const SchedulerPass second = play.scheduler.next();
  ASSERT_EQ(second.work.size(), 4u);
  for (const auto& work : second.work) {
    EXPECT_EQ(work.first, 40);
    EXPECT_EQ(work.count, 1);
    EXPECT_EQ(work.blocks[0], second.work[0].blocks[0]);  // the full first block, shared
  }
  EXPECT_NE(second.work[0].blocks[1], second.work[1].blocks[1]);
}

// A prefix that ends inside a block, at the end of one, and inside the block where a prompt ends too.
TEST(Scheduler, ASharedPrefixIsComputedOnce) {
  for (const int64_t prefix : {20, 32, 39}) {
    Play play({.blocks = 100, .keys_per_block = 32, .shared_prefix = prefix});
    for (int64_t prompt : {40, 50, 90}) play.add(prompt, 2, 30);
    const SchedulerPass first = play.scheduler.next();
    play.check(first);
    ASSERT_EQ(first.work.size(), 4u);
    EXPECT_EQ(first.work[0].count, prefix);
    EXPECT_TRUE(first.work[0].draws.empty());
    for (size_t w = 1; w < 4; ++w) {
      EXPECT_EQ(first.work[w].first, prefix);
      EXPECT_EQ(first.work[w].count, play.prompts[w - 1] - prefix);
      EXPECT_EQ(first.work[w].draws.size(), 2u);
      if (prefix == 32) {
        EXPECT_EQ(first.work[w].blocks[0], first.work[0].blocks[0]);
      }
    }
    // What a copy is taken from is complete: filled by the copies before it, and by the pass's own rows.
    if (prefix % 32 > 0) {
      EXPECT_EQ(first.copies[0].from, first.work[0].blocks.back());
    }
    EXPECT_EQ(first.copies.size(), prefix % 32 > 0 ? 9u : 6u);
  }
}

TEST(Scheduler, ASharedPrefixStaysWhenMemoryIsShort) {
  for (const int64_t prefix : {3, 4, 5}) {
    Play play({.blocks = 14, .keys_per_block = 4, .shared_prefix = prefix});
    for (int i = 0; i < 4; ++i) play.add(6, 4, 24);
    play.run();
    EXPECT_GT(play.scheduler.preemptions(), 0);
  }
}

TEST(Scheduler, EverythingFinishesWhenMemoryIsAmple) {
  Play play({.blocks = 1000, .keys_per_block = 32});
  for (int i = 0; i < 20; ++i) play.add(1 + 13 * i, 1 + i % 5, 1 + 17 * (i % 7));
  play.run();
  EXPECT_EQ(play.scheduler.preemptions(), 0);
}

TEST(Scheduler, EverythingFinishesWhenOneSequenceBarelyFits) {
  Play play({.blocks = 5, .keys_per_block = 8});
  for (int i = 0; i < 6; ++i) play.add(5 + i, 3, 20);
  play.run();
  EXPECT_GT(play.scheduler.preemptions(), 0);
}

TEST(Scheduler, PreemptionLosesNoToken) {
  Play play({.blocks = 14, .keys_per_block = 4});
  for (int i = 0; i < 4; ++i) play.add(6, 4, 24);
  play.run();
  EXPECT_GT(play.scheduler.preemptions(), 0);
}

TEST(Scheduler, ManySamplesOfOneGroupTakeTurns) {
  Play play({.blocks = 100, .keys_per_block = 8, .max_running = 3});
  play.add(10, 10, 5);
  play.run();
}

// One comes with each pass, while those before it decode: the last draws ten tokens from the fourth pass on.
TEST(Scheduler, LongPromptsDoNotWaitForRunningSamples) {
  Play play({.blocks = 100, .keys_per_block = 8, .max_rows = 32});
  for (const int prompt : {32, 40, 30, 31}) play.add(prompt, 1, 10);
  EXPECT_EQ(play.run(), 13);
}

TEST(Scheduler, SaysWhatCanNeverFit) {
  const Scheduler scheduler({.blocks = 4, .keys_per_block = 8});
  EXPECT_TRUE(scheduler.can_ever_fit(24));
  EXPECT_FALSE(scheduler.can_ever_fit(25));
  const Scheduler sharing({.blocks = 4, .keys_per_block = 8, .shared_prefix = 3});
  EXPECT_TRUE(sharing.can_ever_fit(16));
  EXPECT_FALSE(sharing.can_ever_fit(17));
}

}  // namespace
}  // namespace deepscaler
