// How evenly the ranks of a run were at work in a step: the metrics time/rank/*.
#pragma once

#include "comm/ranks.h"
#include "track/metrics.h"

namespace deepscaler {

// What this rank has exchanged so far.
struct RankWork {
  double waited_s = ranks().waited_s();
  double bytes = static_cast<double>(ranks().bytes_given());
};

// Records the step that began at `before` and took so many seconds. All ranks call it; one alone records
// nothing.
void record_ranks(const RankWork& before, double seconds, Metrics& metrics);

}  // namespace deepscaler
