#include "train/optimizers/narrow_adamw.h"

#include <algorithm>
#include <array>
#include <utility>

#include "train/optimizers/adamw.h"
#include "train/optimizers/optimizer_tiles.h"

namespace deepscaler {
namespace {

static_assert(kOptimizerTile % kMomentRun == 0);

class NarrowAdamW final : public StateOptimizer {
 public:
  NarrowAdamW(const ParameterTable& table, std::unique_ptr<MomentStore> moments)
      : table_(table), moments_(std::move(moments)) {
    moments_->reset();
  }

  void reset() override {
    moments_->reset();
    steps_ = 0;
  }

  double step(const OptimizerConfig& config, float lr, std::span<const float> gradients,
              float* weights) override {
    const double norm = checked_norm(table_, gradients);
    const float clip = clip_factor(config, norm);
    ++steps_;
    for (const ParameterInfo& p : table_.trainable()) {
      const AdamWCoefficients c = adamw_coefficients(config, lr, clip, steps_, p);
      for_each_tile(p.size, [&](int64_t, int64_t tile, int64_t tile_end) {
        for (int64_t first = tile; first < tile_end; first += kMomentRun) {
          const int64_t last = std::min(tile_end, first + kMomentRun), at = p.offset + first;
          std::array<float, kMomentRun> m, v;
          moments_->unpack(p, first, last, m.data(), v.data());
          optimizer_kernels().adamw(c, gradients.data() + at, last - first, m.data(), v.data(), weights + at);
          moments_->pack(p, first, last, steps_, m.data(), v.data());
        }
      });
    }
    return norm;
  }

 private:
  [[nodiscard]] std::vector<StateArray> arrays() const override { return moments_->arrays(); }

  const ParameterTable& table_;
  std::unique_ptr<MomentStore> moments_;
};

}  // namespace

std::unique_ptr<Optimizer> make_narrow_adamw(const ParameterTable& table,
                                             std::unique_ptr<MomentStore> moments) {
  return std::make_unique<NarrowAdamW>(table, std::move(moments));
}

}  // namespace deepscaler
