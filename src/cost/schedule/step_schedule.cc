#include "cost/schedule/step_schedule.h"

#include <algorithm>
#include <numeric>

#include "comm/ranks.h"

namespace deepscaler {
namespace {

constexpr double kBytesOfDrawnToken = 8;  // token and log-probability

double mean_of(const std::vector<double>& seconds) {
  return std::accumulate(seconds.begin(), seconds.end(), 0.0) / static_cast<double>(seconds.size());
}

// The time of the slowest, of which `wait` is told what the mean rank waits.
double slowest(const std::vector<double>& seconds, double& wait) {
  const double most = std::ranges::max(seconds);
  wait += most - mean_of(seconds);
  return most;
}

void add_generation(const StepWork& work, const RankTimes& ranks, StepTime& time) {
  std::vector<std::vector<SampleLength>> dealt(static_cast<size_t>(ranks.ranks));
  for (size_t i = 0; i < work.samples.size(); ++i) dealt[i % dealt.size()].push_back(work.samples[i]);
  std::vector<double> seconds;
  for (const auto& mine : dealt) {
    const RolloutTime rollout = simulate_rollout(mine, ranks.slots, ranks.passes.generation);
    seconds.push_back(rollout.seconds);
    time.tokens += rollout.tokens;
    time.passes = std::max(time.passes, rollout.passes);
    time.preemptions += rollout.preemptions;
  }
  const double exchange =
      gather_s(ranks.network, ranks.ranks, kBytesOfDrawnToken * static_cast<double>(time.tokens));
  time.exchange += exchange;
  time.generate = slowest(seconds, time.generate_wait) + exchange;
}

// Micro-batches on all ranks: costly ones first, each to the rank with the least so far.
double dealt_passes(const std::vector<PassContent>& batches, const PassKindTimes& times, int64_t ranks,
                    double& wait) {
  std::vector<int64_t> costs;
  for (const PassContent& batch : batches) costs.push_back(static_cast<int64_t>(batch.rows));
  const std::vector<int64_t> owners = deal(costs, ranks);
  std::vector<double> seconds(static_cast<size_t>(ranks));
  for (size_t i = 0; i < batches.size(); ++i) seconds[static_cast<size_t>(owners[i])] += times.of(batches[i]);
  return slowest(seconds, wait);
}

// The samples of a mini-batch: an equal share of the groups.
std::vector<SampleLength> mini_batch(const std::vector<SampleLength>& samples, int64_t number,
                                     int64_t count) {
  std::vector<size_t> begins;  // of groups
  for (size_t i = 0; i < samples.size(); ++i) {
    if (i == 0 || samples[i].group != samples[i - 1].group) begins.push_back(i);
  }
  begins.push_back(samples.size());
  const auto groups = static_cast<int64_t>(begins.size()) - 1;
  const size_t first = begins[static_cast<size_t>(groups * number / count)];
  const size_t last = begins[static_cast<size_t>(groups * (number + 1) / count)];
  return {samples.begin() + static_cast<int64_t>(first), samples.begin() + static_cast<int64_t>(last)};
}

void add_training(const StepWork& work, const RankTimes& ranks, StepTime& time) {
  const auto whole = pack_samples(work.samples, work.token_budget);
  for (int64_t i = 0; i < work.scored; ++i) {
    time.train += dealt_passes(whole, ranks.passes.scoring, ranks.ranks, time.train_wait);
  }
  const int64_t mini_batches = std::max<int64_t>(1, work.updates / work.epochs);
  for (int64_t update = 0; update < work.updates; ++update) {
    const auto batches =
        pack_samples(mini_batch(work.samples, update % mini_batches, mini_batches), work.token_budget);
    double wait = 0;
    time.train += work.trained_share * dealt_passes(batches, ranks.passes.training, ranks.ranks, wait);
    time.train_wait += work.trained_share * wait;
    const double exchange = all_reduce_s(ranks.network, ranks.ranks, ranks.summed_bytes);
    time.exchange += exchange;
    time.update += ranks.passes.update_s;
    time.train += exchange + ranks.passes.update_s;
  }
  const auto models = static_cast<double>(work.trained);
  for (double* part : {&time.train, &time.train_wait, &time.update}) *part *= models;
}

}  // namespace

std::vector<PassContent> pack_samples(const std::vector<SampleLength>& samples, int64_t token_budget) {
  std::vector<PassContent> batches;
  const auto budget = static_cast<double>(token_budget);
  int64_t in_batch = -1;  // the group whose prompt the last batch has
  const auto open = [&] {
    batches.emplace_back();
    in_batch = -1;
  };
  const auto add = [&](const SampleLength& sample) {
    PassContent& batch = batches.back();
    const auto prompt = static_cast<double>(sample.prompt), rows = static_cast<double>(sample.tokens - 1);
    if (in_batch != sample.group) {
      batch.rows += prompt;
      batch.keys += prompt * (prompt + 1) / 2;
    }
    in_batch = sample.group;
    batch.rows += rows;
    batch.keys += rows * prompt + rows * (rows + 1) / 2;
    batch.head_rows += rows + 1;
  };
  for (size_t first = 0; first < samples.size();) {
    size_t end = first;
    auto whole = static_cast<double>(samples[first].prompt);
    for (; end < samples.size() && samples[end].group == samples[first].group; ++end) {
      whole += static_cast<double>(samples[end].tokens - 1);
    }
    if (batches.empty() || (batches.back().rows > 0 && batches.back().rows + whole > budget)) open();
    for (; first < end; ++first) {
      const SampleLength& sample = samples[first];
      const double more = static_cast<double>(sample.tokens - 1) +
                          (in_batch == sample.group ? 0 : static_cast<double>(sample.prompt));
      if (batches.back().rows > 0 && batches.back().rows + more > budget) open();
      add(sample);
    }
  }
  return batches;
}

StepTime simulate_step(const StepWork& work, const RankTimes& ranks) {
  StepTime time;
  if (work.draws) add_generation(work, ranks, time);
  add_training(work, ranks, time);
  time.other = ranks.passes.step_s;
  return time;
}

}  // namespace deepscaler
