// How long ranks take to exchange numbers: latency and bandwidth, no congestion.
#pragma once

#include <cstdint>

namespace deepscaler {

struct Link {
  double latency_s = 0;
  double bytes_per_s = 0;  // of a rank, in each direction
};

// Links among the ranks of one host, and between hosts.
struct Network {
  int64_t ranks_per_host = 1;
  Link inside, between;

  [[nodiscard]] const Link& link(int64_t ranks) const { return ranks <= ranks_per_host ? inside : between; }
};

// A sum of `bytes` on every rank, in a ring: each rank sends 2 (R - 1) / R of them (Patarasu and Yuan, 2009),
// in ceil(log2 R) rounds of latency each way, as MPI libraries do at best. 0 for one rank.
[[nodiscard]] double all_reduce_s(const Network& network, int64_t ranks, double bytes);

// Bytes of all ranks to all: a broadcast for each rank, one after the other, as mpi/ does; each takes
// ceil(log2 R) rounds of latency. `bytes` is the sum over ranks.
[[nodiscard]] double gather_s(const Network& network, int64_t ranks, double bytes);

}  // namespace deepscaler
