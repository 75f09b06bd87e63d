// AdamW whose moments are stored in less than f32. A step makes floats of some moments at a time, updates
// weights and moments as AdamW does (train/optimizers/adamw.h), and rounds the new moments after that: an
// update comes from moments that have been rounded once in every step before, never in this one.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "train/optimizers/optimizer.h"
#include "train/optimizers/state_file.h"

namespace deepscaler {

// How moments are stored. Numbers [first, last) of a parameter begin on a multiple of kMomentRun. Calls for
// stretches that do not overlap may come from any thread.
inline constexpr int64_t kMomentRun = 4096;
class MomentStore {
 public:
  virtual ~MomentStore() = default;
  virtual void unpack(const ParameterInfo& p, int64_t first, int64_t last, float* m, float* v) const = 0;
  // After update number `step`.
  virtual void pack(const ParameterInfo& p, int64_t first, int64_t last, int64_t step, const float* m,
                    const float* v) = 0;
  // All of it, as it lies in memory.
  [[nodiscard]] virtual std::vector<StateArray> arrays() = 0;
  virtual void reset() = 0;
};

// The table must outlive the optimizer.
[[nodiscard]] std::unique_ptr<Optimizer> make_narrow_adamw(const ParameterTable& table,
                                                           std::unique_ptr<MomentStore> moments);

}  // namespace deepscaler
