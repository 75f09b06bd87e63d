#include "run/rank_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

namespace deepscaler {
namespace {

// One rank's step.
struct RankStep {
  double busy_s = 0, wait_s = 0, bytes = 0;
};

std::vector<RankStep> of_all_ranks(const RankStep& mine) {
  std::vector<RankStep> all;
  for (const std::string& bytes : ranks().gather({reinterpret_cast<const char*>(&mine), sizeof(mine)})) {
    std::memcpy(&all.emplace_back(), bytes.data(), sizeof(RankStep));
  }
  return all;
}

void record(const char* name, const std::vector<RankStep>& all, double RankStep::*figure, Metrics& metrics) {
  const auto [least, most] = std::ranges::minmax(all, {}, figure);
  const double sum = std::accumulate(all.begin(), all.end(), 0.0, [&](double so_far, const RankStep& rank) {
    return so_far + rank.*figure;
  });
  metrics.set(fmt::format("time/rank/{}_min", name), least.*figure);
  metrics.set(fmt::format("time/rank/{}_mean", name), sum / static_cast<double>(all.size()));
  metrics.set(fmt::format("time/rank/{}_max", name), most.*figure);
}

}  // namespace

void record_ranks(const RankWork& before, double seconds, Metrics& metrics) {
  if (ranks().size() == 1) return;
  const RankWork now;
  const double wait = now.waited_s - before.waited_s;
  const std::vector<RankStep> all =
      of_all_ranks({.busy_s = seconds - wait, .wait_s = wait, .bytes = now.bytes - before.bytes});
  record("busy", all, &RankStep::busy_s, metrics);
  record("wait", all, &RankStep::wait_s, metrics);
  double bytes = 0;
  for (const RankStep& rank : all) bytes += rank.bytes;
  metrics.set("time/rank/mib", bytes / (1 << 20));
}

}  // namespace deepscaler
