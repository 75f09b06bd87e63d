#include "train/fixed_sum.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/parallel.h"
#include "train/optimizers/optimizer_tiles.h"

namespace deepscaler {
namespace {

constexpr double kUnits = 0x1p50;  // in 1
constexpr float kRange = 8192;     // 2^63 / kUnits

// Rounded to the nearest integer; `x` is below 2^63 in magnitude.
int64_t nearest(double x) { return _mm_cvtsd_si64(_mm_set_sd(x)); }

// The largest magnitude, infinite where an element is not finite.
float largest_of(const float* x, int64_t count) {
  float largest = 0;
  bool finite = true;
  for (int64_t i = 0; i < count; ++i) {
    const float magnitude = std::fabs(x[i]);
    finite &= magnitude <= std::numeric_limits<float>::max();  // a NaN is not
    largest = std::max(largest, magnitude);
  }
  return finite ? largest : std::numeric_limits<float>::infinity();
}

// Of a rank, to be judged together.
struct Addends {
  int64_t count = 0;
  float largest = 0;
};

Addends over_all(Ranks& ranks, const Addends& mine) {
  std::string bytes(sizeof(Addends), '\0');
  std::memcpy(bytes.data(), &mine, sizeof(Addends));
  Addends all;
  for (const std::string& theirs : ranks.gather(bytes)) {
    Addends part;
    std::memcpy(&part, theirs.data(), sizeof(Addends));
    all.count += part.count;
    all.largest = std::max(all.largest, part.largest);
  }
  return all;
}

}  // namespace

void FixedSum::clear() {
  for_each_tile(sums_.size(), [&](int64_t, int64_t first, int64_t last) {
    std::fill_n(sums_.data() + first, last - first, int64_t{0});
  });
  addends_ = 0;
  largest_ = 0;
}

void FixedSum::add(std::span<const float> addend) {
  DEEPSCALER_CHECK(std::ssize(addend) == sums_.size());
  std::vector<float> largest(static_cast<size_t>(tile_count(sums_.size())));
  for_each_tile(sums_.size(), [&](int64_t tile, int64_t first, int64_t last) {
    const float* x = addend.data() + first;
    const float most = largest_of(x, last - first);
    largest[static_cast<size_t>(tile)] = most;
    if (most >= kRange) return;  // will be refused
    int64_t* sums = sums_.data() + first;
    for (int64_t i = 0; i < last - first; ++i) sums[i] += nearest(static_cast<double>(x[i]) * kUnits);
  });
  ++addends_;
  for (const float most : largest) largest_ = std::max(largest_, most);
}

bool FixedSum::reduce(Ranks& ranks, std::span<float> total) {
  const Addends all = over_all(ranks, {addends_, largest_});
  if (all.count > 0 && !(all.largest < kRange / static_cast<float>(all.count))) return false;
  ranks.add_up(sums_.span());
  for_each_tile(sums_.size(), [&](int64_t, int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      total[static_cast<size_t>(i)] = static_cast<float>(sums_[i]) * static_cast<float>(1 / kUnits);
    }
  });
  return true;
}

}  // namespace deepscaler
