// The passes in which one rank draws samples, without drawing any: the schedule of infer/scheduler.h as a
// list of what its passes hold. Slots are taken in order of arrival; a finished sample gives its slot to the
// next; where memory runs out the youngest waits and is read again. Between two such events passes differ by
// their keys alone, so a stretch of them is a sum: a rollout of a million passes takes milliseconds.
//
// Two things are simpler than there: prompts are read in one pass, up to the limit of rows, and memory is
// counted in tokens with half a block for each sample, not in blocks.
#pragma once

#include <cstdint>
#include <span>

#include "cost/schedule/pass_times.h"

namespace deepscaler {

struct SampleLength {
  int64_t group = 0;   // samples of one group stand together and share a prompt
  int64_t prompt = 1;  // tokens
  int64_t tokens = 1;  // of the response, at least 1
};

struct SlotLimits {
  int64_t samples = 256;        // at a time
  int64_t rows = 1024;          // of a pass, for prompts and what is read again
  int64_t positions = 1 << 30;  // keys and values that there is memory for
};

struct RolloutTime {
  double seconds = 0;
  int64_t passes = 0;
  int64_t tokens = 0;       // drawn
  int64_t preemptions = 0;  // samples that lost their memory
  int64_t reread = 0;       // tokens read again for that
};

// A sample that needs more positions than there are runs alone.
[[nodiscard]] RolloutTime simulate_rollout(std::span<const SampleLength> samples, const SlotLimits& limits,
                                           const PassKindTimes& times);

}  // namespace deepscaler
