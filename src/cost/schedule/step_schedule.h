// A step of training on several ranks, simulated: samples and micro-batches are dealt as the program deals
// them, ranks wait for the slowest, gradients are summed.
#pragma once

#include <cstdint>
#include <vector>

#include "cost/schedule/network.h"
#include "cost/schedule/rollout_schedule.h"

namespace deepscaler {

// What a step does. Its samples, where it draws any, are those that it trains on.
struct StepWork {
  std::vector<SampleLength> samples;  // in order: of a rollout, or examples as they are
  bool draws = true;                  // samples are generated, not read
  int64_t updates = 1;                // of the weights, each on an equal share of the groups
  int64_t epochs = 1;                 // over the samples, within those updates
  int64_t scored = 0;                 // models that score all samples without training
  int64_t trained = 1;                // models that are trained on all samples
  double trained_share = 1;           // of the groups, that have a gradient
  int64_t token_budget = 2048;        // rows of a micro-batch
};

// What the ranks have.
struct RankTimes {
  PassTimes passes;
  SlotLimits slots;
  Network network;
  int64_t ranks = 1;
  double summed_bytes = 0;  // of an update, on each rank
};

// Seconds of one step. A rank's waiting is in the part in which it waits.
struct StepTime {
  double generate = 0;       // the slowest rank, and the exchange of samples
  double train = 0;          // scores, passes, sums and updates
  double other = 0;          // what each step does once beside
  double generate_wait = 0;  // of `generate`, that the mean rank waits for the slowest
  double train_wait = 0;     // of `train`, likewise
  double exchange = 0;       // of both, that numbers travel
  double update = 0;         // of `train`, that every rank does alone
  int64_t tokens = 0;        // of responses
  int64_t passes = 0;        // of the slowest rank's generation
  int64_t preemptions = 0;   // of all ranks

  [[nodiscard]] double total() const { return generate + train + other; }
};

[[nodiscard]] StepTime simulate_step(const StepWork& work, const RankTimes& ranks);

// Rows, predicted tokens and keys of the micro-batches of samples, packed as model/segments.h packs them: in
// order, a group whole where it fits.
[[nodiscard]] std::vector<PassContent> pack_samples(const std::vector<SampleLength>& samples,
                                                    int64_t token_budget);

}  // namespace deepscaler
