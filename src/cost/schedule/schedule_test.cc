// The simulated schedule beside sums that can be written down, and beside the scheduler itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "cost/schedule/length_model.h"
#include "cost/schedule/network.h"
#include "cost/schedule/rollout_schedule.h"
#include "cost/schedule/step_schedule.h"
#include "infer/scheduler.h"

namespace deepscaler {
namespace {

// A second a pass, whatever is in it.
PassKindTimes a_second_a_pass() { return {.layers = RowTimes({{1e6, 1}})}; }
PassKindTimes a_second_a_row() { return {.layers = RowTimes({{1, 1}})}; }

std::vector<SampleLength> samples_of(std::vector<int64_t> tokens, int64_t prompt = 1) {
  std::vector<SampleLength> samples;
  for (const int64_t t : tokens) samples.push_back({std::ssize(samples), prompt, t});
  return samples;
}

TEST(RowTimes, LiesOnLinesBetweenPoints) {
  const RowTimes times({{2, 10}, {4, 12}, {8, 20}});
  EXPECT_EQ(times.at(0), 0);
  EXPECT_EQ(times.at(1), 10);
  EXPECT_EQ(times.at(3), 11);
  EXPECT_EQ(times.at(4), 12);
  EXPECT_EQ(times.at(6), 16);
  EXPECT_EQ(times.at(16), 40);
  EXPECT_EQ(RowTimes().at(5), 0);
}

TEST(LengthModel, LogNormalHasTheMeanAndThePercentile) {
  const LengthModel lengths = LengthModel::log_normal(4000, 7000);
  EXPECT_NEAR(lengths.mean(1 << 30), 4000, 8);
  EXPECT_NEAR(static_cast<double>(lengths.at(0.9, 1 << 30)), 7000, 15);
  EXPECT_EQ(lengths.at(0.9999, 8192), 8192);
  EXPECT_LT(lengths.mean(8192), 4000);
  EXPECT_NEAR(lengths.scaled(2).mean(1 << 30), 8000, 16);
  EXPECT_THROW((void)LengthModel::log_normal(100, 300), Error);
  EXPECT_THROW((void)LengthModel::log_normal(100, 90), Error);
}

TEST(LengthModel, SamplesAreTheirOwnQuantiles) {
  const LengthModel lengths = LengthModel::of_samples({30, 10, 20, 40});
  EXPECT_EQ(lengths.at(0.1, 100), 10);
  EXPECT_EQ(lengths.at(0.6, 100), 30);
  EXPECT_EQ(lengths.at(0.99, 25), 25);
  EXPECT_EQ(lengths.mean(100), 25);
  EXPECT_EQ(LengthModel::constant(7).at(0.5, 100), 7);
}

TEST(Network, RingAndBroadcastsAreTheirFormulas) {
  const Network network = {.ranks_per_host = 8, .inside = {1e-6, 100}, .between = {1e-3, 10}};
  EXPECT_EQ(all_reduce_s(network, 1, 1e6), 0);
  EXPECT_DOUBLE_EQ(all_reduce_s(network, 4, 1000), 2 * 0.75 * 1000 / 100 + 4e-6);
  EXPECT_DOUBLE_EQ(all_reduce_s(network, 16, 1000), 2 * 15.0 / 16 * 1000 / 10 + 8e-3);
  EXPECT_DOUBLE_EQ(gather_s(network, 16, 1000), 16 * 4e-3 + 100);
}

TEST(RolloutSchedule, EnoughSlotsTakeAsManyPassesAsTheLongest) {
  const auto time = simulate_rollout(samples_of({5, 100, 7}), {}, a_second_a_pass());
  EXPECT_EQ(time.passes, 100);
  EXPECT_EQ(time.tokens, 112);
  EXPECT_NEAR(simulate_rollout(samples_of({5, 100, 7}), {}, {.layers = RowTimes({{1000, 1}})}).seconds, 100,
              1e-9);
}

TEST(RolloutSchedule, OneSlotTakesOneAfterTheOther) {
  EXPECT_EQ(simulate_rollout(samples_of({5, 100, 7}), {.samples = 1}, a_second_a_row()).seconds, 112);
}

TEST(RolloutSchedule, AFreeSlotGoesToTheNext) {
  // 10 + 30 in one slot, 20 in the other.
  EXPECT_EQ(simulate_rollout(samples_of({10, 20, 30}), {.samples = 2}, a_second_a_pass()).passes, 40);
}

TEST(RolloutSchedule, KeysAreSummedOverTheContext) {
  // A prompt of 10 costs 10 * 10 / 2; then passes 2 to 5 read 11, 12, 13, 14 keys.
  const auto time = simulate_rollout(samples_of({5}, 10), {}, {.key_s = 1});
  EXPECT_EQ(time.seconds, 50 + 11 + 12 + 13 + 14);
}

TEST(RolloutSchedule, WithoutMemoryTheYoungestWaitsAndIsReadAgain) {
  const auto samples = samples_of({200, 200});
  const auto roomy = simulate_rollout(samples, {}, a_second_a_pass());
  const auto tight = simulate_rollout(samples, {.positions = 300}, a_second_a_pass());
  EXPECT_EQ(roomy.preemptions, 0);
  EXPECT_EQ(roomy.passes, 200);
  EXPECT_EQ(tight.preemptions, 1);
  EXPECT_GT(tight.reread, 100);
  EXPECT_EQ(tight.tokens, 400);
  EXPECT_GT(tight.passes, 200);
  EXPECT_LT(tight.passes, 400);
  EXPECT_EQ(simulate_rollout(samples, {.positions = 10}, a_second_a_pass()).passes, 400);
}

// Passes and rows of the scheduler that the program has.
struct Scheduled {
  int64_t passes = 0, rows = 0;
};
Scheduled schedule(const std::vector<SampleLength>& samples, int64_t slots) {
  Scheduler scheduler({.blocks = 1 << 16, .max_running = slots});
  std::vector<std::vector<int32_t>> prompts;
  std::vector<std::vector<int64_t>> lengths;  // by group
  for (const SampleLength& sample : samples) {
    if (sample.group == std::ssize(lengths)) lengths.emplace_back();
    lengths.back().push_back(sample.tokens);
  }
  for (size_t g = 0; g < lengths.size(); ++g) prompts.push_back({static_cast<int32_t>(g), 7, 8, 9});
  for (size_t g = 0; g < lengths.size(); ++g) scheduler.add(prompts[g], std::ssize(lengths[g]), 1000);
  std::vector<std::vector<int64_t>> drawn(lengths.size());
  for (size_t g = 0; g < lengths.size(); ++g) drawn[g].resize(lengths[g].size());
  Scheduled scheduled;
  while (!scheduler.done()) {
    const SchedulerPass pass = scheduler.next();
    ++scheduled.passes;
    std::vector<Scheduler::Finished> finished;
    for (const auto& work : pass.work) {
      scheduled.rows += work.count;
      for (const int64_t s : work.draws) {
        if (++drawn[work.group][s] == lengths[work.group][s]) finished.push_back({work.group, s});
      }
    }
    scheduler.commit(pass, finished);
  }
  return scheduled;
}

TEST(RolloutSchedule, TakesThePassesAndRowsOfTheScheduler) {
  for (const int64_t slots : {3, 16, 256}) {
    std::vector<SampleLength> samples;
    const Rng rng(5, {static_cast<uint64_t>(slots)});
    for (int64_t i = 0; i < 96; ++i) {
      samples.push_back({i / 8, 4, 1 + static_cast<int64_t>(rng.below(i % 7 == 0 ? 400 : 60, i))});
    }
    const Scheduled real = schedule(samples, slots);
    EXPECT_EQ(simulate_rollout(samples, {.samples = slots}, {}).passes, real.passes) << slots;
    EXPECT_DOUBLE_EQ(simulate_rollout(samples, {.samples = slots}, a_second_a_row()).seconds,
                     static_cast<double>(real.rows))
        << slots;
  }
}

TEST(StepSchedule, MicroBatchesKeepGroupsWholeWhereTheyFit) {
  // Groups of a prompt of 10 and two responses of 20 rows: 50 rows each.
  std::vector<SampleLength> samples;
  for (int64_t g = 0; g < 3; ++g) samples.insert(samples.end(), 2, {g, 10, 21});
  const auto rows = [&](int64_t budget) {
    std::vector<double> list;
    for (const PassContent& batch : pack_samples(samples, budget)) list.push_back(batch.rows);
    return list;
  };
  EXPECT_EQ(rows(1000), std::vector<double>({150}));
  EXPECT_EQ(rows(120), std::vector<double>({100, 50}));
  EXPECT_EQ(rows(40), std::vector<double>(6, 30));  // the prompt in each
  const PassContent all = pack_samples(samples, 1000).front();
  EXPECT_EQ(all.head_rows, 6 * 21);
  EXPECT_EQ(all.keys, 3 * (55 + 2 * (20 * 10 + 210)));
}

StepWork equal_work() {
  StepWork work = {.token_budget = 100};
  for (int64_t g = 0; g < 8; ++g) work.samples.insert(work.samples.end(), 4, {g, 1, 25});
  return work;
}

TEST(StepSchedule, EqualSamplesScaleWithTheRanks) {
  RankTimes ranks = {.network = {.ranks_per_host = 8, .inside = {0, 1e12}}};
  ranks.passes.generation = a_second_a_row();
  ranks.passes.training = a_second_a_row();
  const StepTime one = simulate_step(equal_work(), ranks);
  ranks.ranks = 4;
  const StepTime four = simulate_step(equal_work(), ranks);
  EXPECT_NEAR(four.train, one.train / 4, 1e-9);
  EXPECT_NEAR(four.generate_wait, 0, 1e-9);
  EXPECT_EQ(four.tokens, one.tokens);
  // A prompt is read by each rank that has a sample of its group.
  EXPECT_NEAR(four.generate, one.generate / 4, one.generate / 50);
}

TEST(StepSchedule, WhatEveryRankDoesAloneDoesNotScale) {
  RankTimes ranks = {.network = {.ranks_per_host = 8, .inside = {0, 100}}, .ranks = 4, .summed_bytes = 1000};
  ranks.passes.update_s = 3;
  ranks.passes.step_s = 2;
  StepWork work = equal_work();
  work.updates = 2;
  const StepTime time = simulate_step(work, ranks);
  EXPECT_DOUBLE_EQ(time.update, 6);
  EXPECT_DOUBLE_EQ(time.train, 6 + 2 * 2 * 0.75 * 10);
  EXPECT_DOUBLE_EQ(time.other, 2);
}

TEST(StepSchedule, RanksWaitForTheLongestResponse) {
  RankTimes ranks = {.network = {.ranks_per_host = 8, .inside = {0, 1e12}}, .ranks = 2};
  ranks.passes.generation = a_second_a_pass();
  const StepWork work = {.samples = samples_of({100, 20})};
  ranks.passes.generation.layers = RowTimes({{1, 1}, {256, 1}});
  const StepTime time = simulate_step(work, ranks);
  EXPECT_NEAR(time.generate, 100, 1e-6);
  EXPECT_NEAR(time.generate_wait, 40, 1e-6);
}

TEST(StepSchedule, EpochsAndScoresRepeatThePasses) {
  RankTimes ranks;
  ranks.passes.training = a_second_a_row();
  ranks.passes.scoring = a_second_a_row();
  StepWork work = equal_work();
  work.draws = false;
  const double once = simulate_step(work, ranks).train;
  work.updates = 6;
  work.epochs = 3;
  work.scored = 1;
  EXPECT_DOUBLE_EQ(simulate_step(work, ranks).train, 4 * once);
  work.scored = 0;
  work.trained_share = 0.5;
  EXPECT_DOUBLE_EQ(simulate_step(work, ranks).train, 1.5 * once);
  EXPECT_EQ(simulate_step(work, ranks).generate, 0);
}

}  // namespace
}  // namespace deepscaler
