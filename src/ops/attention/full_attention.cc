#include "ops/attention/full_attention.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/attention/full_attention.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"
#include "base/parallel.h"
#include "ops/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace deepscaler {
namespace HWY_NAMESPACE {
namespace {

// scores [panels * 16] = q . k, -inf in the lanes past the last key. keys is [panels][d][16].
void score_row(const float* q, const float* keys, int64_t count, int64_t d, float scale, float* scores) {
  const int64_t panels = panel_count(count);
  for (int64_t panel = 0; panel < panels; ++panel) {
    Panel sum = broadcast(0);
    const float* key = keys + panel * d * kPanelWidth;
    for (int64_t i = 0; i < d; ++i) sum = fma(broadcast(q[i]), load(key + i * kPanelWidth), sum);
    store(sum * broadcast(scale), scores + panel * kPanelWidth);
  }
  for (int64_t j = count; j < panels * kPanelWidth; ++j) scores[j] = -std::numeric_limits<float>::infinity();
}

// Scores become exp(score - largest); returns their sum.
float exponentials(float* scores, int64_t count) {
  const int64_t panels = panel_count(count);
  Panel largest = load(scores);
  for (int64_t i = 1; i < panels; ++i) largest = max(largest, load(scores + i * kPanelWidth));
  const Panel peak = broadcast(max_lane(largest));
  Panel sum = broadcast(0);
  for (int64_t i = 0; i < panels; ++i) {
    const Panel e = exp(load(scores + i * kPanelWidth) - peak);
    sum = sum + e;
    store(e, scores + i * kPanelWidth);
  }
  return sum_lanes(sum);
}

// One head of one sequence; the pointers are at its first row and number.
void attend(ConstMatrixView q, ConstMatrixView k, ConstMatrixView v, MatrixView out) {
  const int64_t count = q.rows, d = q.cols;
  std::vector<float> keys(static_cast<size_t>(panel_count(count) * d * kPanelWidth));
  for (int64_t j = 0; j < count; ++j) {
    for (int64_t i = 0; i < d; ++i) keys[static_cast<size_t>(panel_offset(d, j, i))] = k.row(j)[i];
  }
  std::vector<float> weights(static_cast<size_t>(panel_count(count) * kPanelWidth));
  const float scale = 1.0f / std::sqrt(static_cast<float>(d));
  for (int64_t t = 0; t < count; ++t) {
    score_row(q.row(t), keys.data(), count, d, scale, weights.data());
    const float sum = exponentials(weights.data(), count);
    for (int64_t i = 0; i < d; i += kPanelWidth) {
      Panel total = broadcast(0);
      for (int64_t j = 0; j < count; ++j)
        total = fma(broadcast(weights[static_cast<size_t>(j)]), load(v.row(j) + i), total);
      store(total * broadcast(1.0f / sum), out.row(t) + i);
    }
  }
}

using Attend = void (*)(ConstMatrixView q, ConstMatrixView k, ConstMatrixView v, MatrixView out);
Attend attend_of_target() { return attend; }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace deepscaler
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace deepscaler {

HWY_EXPORT(attend_of_target);

void full_attention(int64_t heads, std::span<const SequenceRows> sequences, ConstMatrixView q,
                    ConstMatrixView k, ConstMatrixView v, MatrixView out) {
  const int64_t d = q.cols / heads;
  DEEPSCALER_CHECK(q.cols == heads * d && d % kPanelWidth == 0);
  for (const auto& other : {k, v, ConstMatrixView(out)})
    DEEPSCALER_CHECK(other.rows == q.rows && other.cols == q.cols);
  const auto attend = HWY_DYNAMIC_DISPATCH(attend_of_target)();
  parallel_for(std::ssize(sequences) * heads, [&](int64_t task) {
    const SequenceRows& rows = sequences[static_cast<size_t>(task / heads)];
    const int64_t first = task % heads * d;
    const auto part = [&](auto matrix) {
      matrix = matrix.middle_rows(rows.first, rows.count);
      matrix.data += first;
      matrix.cols = d;
      return matrix;
    };
    attend(part(q), part(k), part(v), part(out));
  });
}

}  // namespace deepscaler
#endif
