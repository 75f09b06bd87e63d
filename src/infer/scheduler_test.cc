#include "infer/scheduler.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <random>
#include <set>

namespace deepscaler {
namespace {

// Plays the generator: every sample wants `length` tokens, all of them 1000 plus their position. Keeps for
// each block the tokens whose keys it holds, checks that what a pass reads is there, and that what it writes
// is not another's.
struct Play {
  using Name = std::pair<int64_t, int64_t>;  // group, sample
  struct Asked {
    std::vector<int32_t> prompt;
    int64_t length;
    bool keep;
  };

  explicit Play(const SchedulerConfig& config)
      : config(config), scheduler(config), held(static_cast<size_t>(config.blocks)) {}

  int64_t add(std::vector<int32_t> prompt, int64_t samples, int64_t length, bool keep = false) {
    const int64_t group = std::ssize(asked);
    asked.push_back(std::make_unique<Asked>(Asked{std::move(prompt), length, keep}));
    for (int64_t s = 0; s < samples; ++s) drawn[{group, s}] = 0;
    EXPECT_EQ(scheduler.add(asked.back()->prompt, samples, length), group);
    return group;
  }
  // A prompt that shares no token with another.
  int64_t add(int64_t prompt, int64_t samples, int64_t length) {
    std::vector<int32_t> tokens(static_cast<size_t>(prompt));
    std::iota(tokens.begin(), tokens.end(), static_cast<int32_t>(10000 * std::ssize(asked)));
    return add(std::move(tokens), samples, length);
  }

  [[nodiscard]] std::vector<int32_t> sequence(Name name) const {
    std::vector<int32_t> tokens = asked[name.first]->prompt;
    for (int64_t i = 0; i < drawn.at(name); ++i) tokens.push_back(static_cast<int32_t>(1000 + i));
    return tokens;
  }

  SchedulerPass step() {
    const SchedulerPass pass = scheduler.next();
    EXPECT_FALSE(pass.work.empty());
    for (int32_t block : pass.fresh) held[block].assign(config.keys_per_block, -1);
    write(pass);
    for (const auto& copy : pass.copies) {
      for (int64_t k = 0; k < copy.keys; ++k) held[copy.to][k] = held[copy.from][k];
    }
    read(pass);
    std::vector<Name> done;
    for (const auto& work : pass.work) {
      for (int64_t sample : work.draws) {
        if (++drawn.at({work.group, sample}) == asked[work.group]->length)
          done.emplace_back(work.group, sample);
      }
    }
    std::vector<std::vector<int32_t>> responses;
    std::vector<Scheduler::Finished> finished;
    responses.reserve(done.size());
    for (const Name& name : done) {
      const auto tokens = sequence(name);
      responses.emplace_back(tokens.begin() + std::ssize(asked[name.first]->prompt), tokens.end());
      finished.push_back({name.first, name.second});
      if (asked[name.first]->keep) finished.back().keep = responses.back();
      ++complete;
    }
    scheduler.commit(pass, finished);
    return pass;
  }

  int run() {
    int passes = 0;
    while (!scheduler.done() && !testing::Test::HasFailure()) {
      step();
      ++passes;
    }
    return passes;
  }

  void write(const SchedulerPass& pass) {
    std::set<int32_t> owned;
    for (const auto& work : pass.work) {
      const auto tokens = sequence({work.group, work.sample.value_or(0)});
      ASSERT_GE(std::ssize(work.blocks) * config.keys_per_block, work.first + work.count);
      for (int64_t p = work.first; p < work.first + work.count; ++p) {
        const int32_t block = work.blocks[p / config.keys_per_block];
        if (p == work.first || p % config.keys_per_block == 0) {
          ASSERT_TRUE(owned.insert(block).second) << "two sequences write block " << block;
        }
        held[block][p % config.keys_per_block] = tokens[p];
      }
    }
  }

  void read(const SchedulerPass& pass) {
    for (const auto& work : pass.work) {
      const auto tokens = sequence({work.group, work.sample.value_or(0)});
      for (int64_t p = 0; p < work.first + work.count; ++p) {
        const int32_t block = work.blocks[p / config.keys_per_block];
        ASSERT_EQ(held[block][p % config.keys_per_block], tokens[p])
            << "group " << work.group << " position " << p << " block " << block;
      }
    }
  }

  SchedulerConfig config;
  Scheduler scheduler;
  std::vector<std::unique_ptr<Asked>> asked;
  std::map<Name, int64_t> drawn;
  std::vector<std::vector<int32_t>> held;
  int64_t complete = 0;
};

std::vector<int32_t> tokens(int64_t count, int32_t first = 0) {
  std::vector<int32_t> result(static_cast<size_t>(count));
  std::iota(result.begin(), result.end(), first);
  return result;
}

std::vector<int32_t> joined(std::vector<int32_t> a, const std::vector<int32_t>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(Scheduler, AGroupsPromptIsComputedOnce) {
  Play play({.blocks = 100, .keys_per_block = 32});
  play.add(40, 4, 3);
  const SchedulerPass first = play.step();
  ASSERT_EQ(first.work.size(), 1u);
  EXPECT_EQ(first.work[0].count, 40);
  EXPECT_EQ(first.work[0].draws, (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(first.copies.size(), 4u);  // the partly filled second block, for each sample
  EXPECT_EQ(first.copies[0].keys, 8);
  const SchedulerPass second = play.step();
  ASSERT_EQ(second.work.size(), 4u);
  for (const auto& work : second.work) {
    EXPECT_EQ(work.first, 40);
    EXPECT_EQ(work.count, 1);
    EXPECT_EQ(work.blocks[0], second.work[0].blocks[0]);  // the full first block, shared
  }
  EXPECT_NE(second.work[0].blocks[1], second.work[1].blocks[1]);
}

// A beginning that ends inside a block, at the end of one, and inside the block where a prompt ends too.
TEST(Scheduler, ASharedBeginningIsComputedOnceWithinAPass) {
  for (const int64_t shared : {20, 32, 39}) {
    Play play({.blocks = 100, .keys_per_block = 32});
    for (const int64_t prompt : {40, 50, 90}) {
      play.add(joined(tokens(shared), tokens(prompt - shared, static_cast<int32_t>(100 * prompt))), 2, 30);
    }
    const SchedulerPass first = play.step();
    ASSERT_EQ(first.work.size(), 3u);
    EXPECT_EQ(first.work[0].count, 40);
    for (size_t w = 1; w < 3; ++w) {
      EXPECT_EQ(first.work[w].first, shared);
      EXPECT_EQ(first.work[w].draws.size(), 2u);
      if (shared >= 32) {
        EXPECT_EQ(first.work[w].blocks[0], first.work[0].blocks[0]);
      }
    }
    EXPECT_EQ(play.scheduler.reused_tokens(), 2 * shared);
    play.run();
    EXPECT_EQ(play.complete, 6);
  }
}

TEST(Scheduler, APromptThatIsThereAlreadyReadsItsLastTokenOnly) {
  for (const int64_t length : {40, 64, 1}) {
    Play play({.blocks = 100, .keys_per_block = 32, .most_kept = 10});
    play.add(tokens(length), 1, 3);
    play.run();
    play.add(tokens(length), 2, 3);
    EXPECT_EQ(play.step().work[0].count, 1);
    play.run();
    EXPECT_EQ(play.complete, 3);
  }
}

// A prompt that goes on from an answer: all of that but its last token, which was never read, is there.
TEST(Scheduler, AKeptResponseIsSharedByThePromptThatGoesOnFromIt) {
  for (const bool keep : {true, false}) {
    Play play({.blocks = 100, .keys_per_block = 8, .most_kept = 50});
    play.add(tokens(20), 1, 30, keep);
    play.run();
    play.add(joined(joined(tokens(20), tokens(30, 1000)), tokens(5, 500)), 1, 4);
    EXPECT_EQ(play.step().work[0].first, keep ? 49 : 20);
    play.run();
  }
}

TEST(Scheduler, NoMoreIsKeptThanAllowed) {
  Play play({.blocks = 100, .keys_per_block = 8, .most_kept = 2});
  play.add(tokens(32), 1, 30);
  play.run();
  play.add(tokens(32), 1, 30);
  EXPECT_EQ(play.step().work[0].first, 16);
}

TEST(Scheduler, WhatIsKeptStandsInNobodysWay) {
  Play play({.blocks = 7, .keys_per_block = 8, .most_kept = 7});
  for (int i = 0; i < 5; ++i) {
    play.add(tokens(30, 100 * i), 1, 18, true);
    play.run();
  }
  EXPECT_EQ(play.scheduler.preemptions(), 0);
  EXPECT_EQ(play.complete, 5);
}

// The copy's source would be one block more than there is.
TEST(Scheduler, APartialBeginningIsGivenUpWhereItDoesNotFit) {
  Play play({.blocks = 3, .keys_per_block = 8, .most_kept = 3});
  play.add(tokens(12), 1, 4);
  play.run();
  play.add(joined(tokens(4), tokens(8, 300)), 1, 4);
  play.run();
  EXPECT_EQ(play.complete, 2);
}

TEST(Scheduler, ASharedBeginningSurvivesShortMemory) {
  for (const int64_t shared : {3, 4, 5}) {
    Play play({.blocks = 14, .keys_per_block = 4, .most_kept = 3});
    for (int i = 0; i < 4; ++i) play.add(joined(tokens(shared), tokens(6 - shared, 100 * (i + 1))), 4, 24);
    play.run();
    EXPECT_GT(play.scheduler.preemptions(), 0);
    EXPECT_EQ(play.complete, 16);
  }
}

TEST(Scheduler, EverythingFinishesWhenMemoryIsAmple) {
  Play play({.blocks = 1000, .keys_per_block = 32});
  for (int i = 0; i < 20; ++i) play.add(1 + 13 * i, 1 + i % 5, 1 + 17 * (i % 7));
  play.run();
  EXPECT_EQ(play.scheduler.preemptions(), 0);
  EXPECT_EQ(play.complete, 60);
}

TEST(Scheduler, EverythingFinishesWhenOneSequenceBarelyFits) {
  Play play({.blocks = 5, .keys_per_block = 8});
  for (int i = 0; i < 6; ++i) play.add(5 + i, 3, 20);
  play.run();
  EXPECT_GT(play.scheduler.preemptions(), 0);
  EXPECT_EQ(play.complete, 18);
}

TEST(Scheduler, ManySamplesOfOneGroupTakeTurns) {
  Play play({.blocks = 100, .keys_per_block = 8, .max_running = 3});
  play.add(10, 10, 5);
  play.run();
  EXPECT_EQ(play.complete, 10);
}

// One comes with each pass, while those before it decode: the last draws ten tokens from the fourth pass on.
TEST(Scheduler, PromptsDoNotWaitForRunningSamples) {
  Play play({.blocks = 100, .keys_per_block = 8, .max_rows = 32});
  for (const int prompt : {32, 32, 30, 32}) play.add(prompt, 1, 10);
  EXPECT_EQ(play.run(), 13);
}

TEST(Scheduler, ALongPromptIsReadInPiecesWhileOthersGoOn) {
  Play play({.blocks = 100, .keys_per_block = 8, .max_rows = 16});
  play.add(4, 1, 20);
  play.step();
  play.add(50, 3, 5);
  for (const int64_t first : {0, 16, 32, 48}) {
    const SchedulerPass pass = play.step();
    ASSERT_EQ(pass.work.size(), 2u);
    EXPECT_EQ(pass.work[0].group, 0);
    EXPECT_EQ(pass.work[1].first, first);
    EXPECT_EQ(pass.work[1].draws.size(), first == 48 ? 3u : 0u);
  }
  play.run();
  EXPECT_EQ(play.complete, 4);
}

TEST(Scheduler, SaysWhatCanNeverFit) {
  const Scheduler scheduler({.blocks = 4, .keys_per_block = 8});
  EXPECT_TRUE(scheduler.can_ever_fit(24));
  EXPECT_FALSE(scheduler.can_ever_fit(25));
}

TEST(Scheduler, CancellingGivesEverythingBack) {
  Play play({.blocks = 6, .keys_per_block = 8, .max_rows = 16});
  const int64_t waiting_and_running = play.add(30, 4, 10);
  play.step();
  play.scheduler.cancel(waiting_and_running);
  EXPECT_TRUE(play.scheduler.done());
  play.scheduler.cancel(waiting_and_running);
  play.add(30, 1, 10);
  play.run();
  EXPECT_EQ(play.complete, 1);
}

// Prompts with common beginnings, answers that are gone on from, cancellations, at random moments and with
// little memory.
TEST(Scheduler, AnyOrderOfArrivalsAndCancellationsIsSound) {
  for (unsigned seed = 0; seed < 300 && !HasFailure(); ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](int64_t limit) { return static_cast<int64_t>(random() % limit); };
    Play play({.blocks = 9 + below(20),
               .keys_per_block = 4,
               .max_rows = 1 + below(24),
               .max_running = 1 + below(8),
               .most_kept = below(20)});
    int64_t cancelled = 0;
    for (int event = 0; event < 60; ++event) {
      if (below(3) == 0) {
        std::vector<int32_t> prompt = tokens(1 + below(10), static_cast<int32_t>(below(2)));
        if (!play.asked.empty() && below(2) == 0) {
          prompt = play.sequence({below(std::ssize(play.asked)), 0});
          prompt.resize(std::min<size_t>(prompt.size(), 16));
        }
        play.add(joined(std::move(prompt), tokens(below(4), 70)), 1 + below(3), 1 + below(12), below(2) == 0);
      } else if (below(8) == 0 && !play.asked.empty()) {
        play.scheduler.cancel(below(std::ssize(play.asked)));
        ++cancelled;
      } else if (!play.scheduler.done()) {
        play.step();
      }
    }
    play.run();
    if (cancelled == 0) {
      EXPECT_EQ(play.complete, std::ssize(play.drawn));
    }
  }
}

}  // namespace
}  // namespace deepscaler
