#include "train/optimizers/adamw_bf16.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "base/rng.h"
#include "tensor/buffer.h"
#include "train/optimizers/narrow_adamw.h"

namespace deepscaler {
namespace {

constexpr int64_t kDrawsAtATime = 4;  // of 16 bits each
constexpr uint32_t kInfinity = 0x7f80;

float as_float(uint16_t bf16) { return std::bit_cast<float>(static_cast<uint32_t>(bf16) << 16); }

void unpack_moment(const uint16_t* from, int64_t count, float* to) {
  std::transform(from, from + count, to, as_float);
}

// `at`, a multiple of kDrawsAtATime, is the place of the first moment.
void pack_moment(const float* from, int64_t count, const Rng& rng, int64_t at, uint16_t* to) {
  for (int64_t i = 0; i < count; i += kDrawsAtATime) {
    uint64_t draw = rng.bits(static_cast<uint64_t>((at + i) / kDrawsAtATime));
    for (int64_t k = i; k < std::min(count, i + kDrawsAtATime); ++k, draw >>= 16) {
      to[k] = round_at_random(from[k], static_cast<uint16_t>(draw));
    }
  }
}

class Bf16Moments final : public MomentStore {
 public:
  explicit Bf16Moments(const ParameterTable& table)
      : m_(table.trainable_size()), v_(table.trainable_size()) {}

  void reset() override {
    std::ranges::fill(m_.span(), uint16_t{0});
    std::ranges::fill(v_.span(), uint16_t{0});
  }
  void unpack(const ParameterInfo& p, int64_t first, int64_t last, float* m, float* v) const override {
    unpack_moment(m_.data() + p.offset + first, last - first, m);
    unpack_moment(v_.data() + p.offset + first, last - first, v);
  }
  void pack(const ParameterInfo& p, int64_t first, int64_t last, int64_t step, const float* m,
            const float* v) override {
    const int64_t at = p.offset + first;
    const auto number = static_cast<uint64_t>(step);
    pack_moment(m, last - first, Rng(0, {hash_name("first_moment"), number}), at, m_.data() + at);
    pack_moment(v, last - first, Rng(0, {hash_name("second_moment"), number}), at, v_.data() + at);
  }
  [[nodiscard]] std::vector<StateArray> arrays() override {
    return {state_array("first_moment", "BF16", m_.span()), state_array("second_moment", "BF16", v_.span())};
  }

 private:
  Buffer<uint16_t> m_, v_;
};

}  // namespace

uint16_t round_at_random(float x, uint16_t random) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const uint32_t cut = bits >> 16, away = cut + 1;
  const bool overflows = (away & 0x7fff) == kInfinity;
  return static_cast<uint16_t>(random < (bits & 0xffff) && !overflows ? away : cut);
}

std::unique_ptr<Optimizer> make_adamw_bf16(const ParameterTable& table) {
  return make_narrow_adamw(table, std::make_unique<Bf16Moments>(table));
}

int64_t adamw_bf16_memory(const ParameterTable& table) {
  return 2 * table.trainable_size() * static_cast<int64_t>(sizeof(uint16_t));
}

}  // namespace deepscaler
