#include "cost/schedule/network.h"

#include <bit>

namespace deepscaler {
namespace {

double rounds(int64_t ranks) { return static_cast<double>(std::bit_width(static_cast<uint64_t>(ranks - 1))); }

}  // namespace

double all_reduce_s(const Network& network, int64_t ranks, double bytes) {
  if (ranks <= 1) return 0;
  const Link& link = network.link(ranks);
  const auto r = static_cast<double>(ranks);
  return 2 * (r - 1) / r * bytes / link.bytes_per_s + 2 * rounds(ranks) * link.latency_s;
}

double gather_s(const Network& network, int64_t ranks, double bytes) {
  if (ranks <= 1) return 0;
  const Link& link = network.link(ranks);
  return static_cast<double>(ranks) * rounds(ranks) * link.latency_s + bytes / link.bytes_per_s;
}

}  // namespace deepscaler
