#include "train/optimizers/adamw_8bit.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/integer.h"
#include "tensor/buffer.h"
#include "train/optimizers/dynamic_map.h"
#include "train/optimizers/narrow_adamw.h"

namespace deepscaler {
namespace {

constexpr int64_t kBlock = 256;
constexpr int64_t kSmall = 4096;  // numbers of a parameter, below which its moments stay in f32
static_assert(kMomentRun % kBlock == 0);

bool is_small(const ParameterInfo& p) { return p.rows * p.cols < kSmall; }

// Where the moments of each parameter stand, and how many there are.
struct Layout {
  explicit Layout(const ParameterTable& table) {
    for (const ParameterInfo& p : table.trainable()) {
      first[p.offset] = is_small(p) ? floats : blocks;
      (is_small(p) ? floats : blocks) += is_small(p) ? p.size : ceil_div(p.size, kBlock);
    }
  }
  std::map<int64_t, int64_t> first;  // by offset: of its floats, or of its blocks
  int64_t floats = 0, blocks = 0;
};

// One of the two moments.
class Moment {
 public:
  Moment(const Layout& layout, DynamicMap::Sign sign)
      : map_(DynamicMap::get(sign)),
        codes_(layout.blocks * kBlock),
        absmax_(layout.blocks),
        floats_(layout.floats) {}

  void reset() {
    std::ranges::fill(codes_.span(), map_.nearest(0));
    std::ranges::fill(absmax_.span(), 0.0f);
    std::ranges::fill(floats_.span(), 0.0f);
  }
  void unpack_blocks(int64_t block, std::span<float> numbers) const {
    for_each_block(block, numbers, [&](int64_t b, std::span<float> part) {
      map_.unpack(codes_.data() + b * kBlock, absmax_[b], part);
    });
  }
  void pack_blocks(int64_t block, std::span<const float> numbers) {
    for_each_block(block, numbers, [&](int64_t b, std::span<const float> part) {
      absmax_[b] = map_.pack(part, codes_.data() + b * kBlock);
    });
  }
  [[nodiscard]] float* floats(int64_t at) { return floats_.data() + at; }
  [[nodiscard]] const float* floats(int64_t at) const { return floats_.data() + at; }

  void add_arrays(const std::string& name, std::vector<StateArray>& arrays) {
    arrays.push_back(state_array(name + ".codes", "U8", codes_.span()));
    arrays.push_back(state_array(name + ".absmax", "F32", absmax_.span()));
    arrays.push_back(state_array(name + ".f32", "F32", floats_.span()));
  }

 private:
  template <class T, class Body>
  static void for_each_block(int64_t block, std::span<T> numbers, const Body& body) {
    for (size_t at = 0; at < numbers.size(); at += kBlock, ++block) {
      body(block, numbers.subspan(at, std::min<size_t>(kBlock, numbers.size() - at)));
    }
  }

  const DynamicMap& map_;
  Buffer<uint8_t> codes_;
  Buffer<float> absmax_;  // of each block
  Buffer<float> floats_;  // of small parameters
};

class EightBitMoments final : public MomentStore {
 public:
  explicit EightBitMoments(const ParameterTable& table)
      : layout_(table), m_(layout_, DynamicMap::Sign::kSigned), v_(layout_, DynamicMap::Sign::kUnsigned) {}

  void reset() override {
    m_.reset();
    v_.reset();
  }
  void unpack(const ParameterInfo& p, int64_t first, int64_t last, float* m, float* v) const override {
    const int64_t begin = layout_.first.at(p.offset);
    const auto count = static_cast<size_t>(last - first);
    if (is_small(p)) {
      std::copy_n(m_.floats(begin + first), count, m);
      std::copy_n(v_.floats(begin + first), count, v);
    } else {
      m_.unpack_blocks(begin + first / kBlock, {m, count});
      v_.unpack_blocks(begin + first / kBlock, {v, count});
    }
  }
  void pack(const ParameterInfo& p, int64_t first, int64_t last, int64_t, const float* m,
            const float* v) override {
    const int64_t begin = layout_.first.at(p.offset);
    const auto count = static_cast<size_t>(last - first);
    if (is_small(p)) {
      std::copy_n(m, count, m_.floats(begin + first));
      std::copy_n(v, count, v_.floats(begin + first));
    } else {
      m_.pack_blocks(begin + first / kBlock, {m, count});
      v_.pack_blocks(begin + first / kBlock, {v, count});
    }
  }
  [[nodiscard]] std::vector<StateArray> arrays() override {
    std::vector<StateArray> arrays;
    m_.add_arrays("first_moment", arrays);
    v_.add_arrays("second_moment", arrays);
    return arrays;
  }

 private:
  Layout layout_;
  Moment m_, v_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adamw_8bit(const ParameterTable& table) {
  return make_narrow_adamw(table, std::make_unique<EightBitMoments>(table));
}

int64_t adamw_8bit_memory(const ParameterTable& table) {
  const Layout layout(table);
  constexpr auto kFloat = static_cast<int64_t>(sizeof(float));
  return 2 * (layout.blocks * (kBlock + kFloat) + layout.floats * kFloat);
}

}  // namespace deepscaler
