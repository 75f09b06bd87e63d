// Sixteen lanes are the unit of all vector code here: one AVX-512 register, two of AVX2, and so on. The code
// is compiled once for each instruction set (Highway's per-target inclusion). Every set does the same
// operations in each lane, so f32 results agree between targets that have FMA.
#if defined(DEEPSCALER_OPS_PANEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DEEPSCALER_OPS_PANEL_INL_H_
#undef DEEPSCALER_OPS_PANEL_INL_H_
#else
#define DEEPSCALER_OPS_PANEL_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <cstdint>
#include <cstring>

#include "ops/panels.h"

HWY_BEFORE_NAMESPACE();
namespace deepscaler {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using PanelTag = hn::CappedTag<float, kPanelWidth>;
using Vector = hn::Vec<PanelTag>;
inline constexpr int kLanes = static_cast<int>(hn::MaxLanes(PanelTag()));
inline constexpr int kVectors = kPanelWidth / kLanes;

// A sum, maximum or product over a row: lane i takes the elements i, i + 16, i + 32 ..., and the lanes
// are combined pairwise in a fixed tree.
struct Panel {
  Vector v[kVectors];
};

template <class F>
HWY_INLINE Panel map(const F& f) {
  Panel result;
  for (int i = 0; i < kVectors; ++i) result.v[i] = f(i);
  return result;
}

HWY_INLINE Panel broadcast(float x) {
  return map([&](int) HWY_ATTR { return hn::Set(PanelTag(), x); });
}
HWY_INLINE Panel load(const float* p) {
  return map([&](int i) HWY_ATTR { return hn::LoadU(PanelTag(), p + i * kLanes); });
}
HWY_INLINE void store(Panel a, float* p) {
  for (int i = 0; i < kVectors; ++i) hn::StoreU(a.v[i], PanelTag(), p + i * kLanes);
}
// load_first: the first n lanes come from memory, the others are `fill`. store_first writes the first n
// lanes.
HWY_INLINE Panel load_first(const float* p, int64_t n, float fill) {
  alignas(64) float lanes[kPanelWidth];
  for (float& lane : lanes) lane = fill;
  std::memcpy(lanes, p, static_cast<size_t>(n) * sizeof(float));
  return load(lanes);
}
HWY_INLINE void store_first(Panel a, float* p, int64_t n) {
  alignas(64) float lanes[kPanelWidth];
  store(a, lanes);
  std::memcpy(p, lanes, static_cast<size_t>(n) * sizeof(float));
}

HWY_INLINE Panel operator+(Panel a, Panel b) {
  return map([&](int i) HWY_ATTR { return hn::Add(a.v[i], b.v[i]); });
}
HWY_INLINE Panel operator-(Panel a, Panel b) {
  return map([&](int i) HWY_ATTR { return hn::Sub(a.v[i], b.v[i]); });
}
HWY_INLINE Panel operator*(Panel a, Panel b) {
  return map([&](int i) HWY_ATTR { return hn::Mul(a.v[i], b.v[i]); });
}
HWY_INLINE Panel operator/(Panel a, Panel b) {
  return map([&](int i) HWY_ATTR { return hn::Div(a.v[i], b.v[i]); });
}
// a * b + c in one rounding.
HWY_INLINE Panel fma(Panel a, Panel b, Panel c) {
  return map([&](int i) HWY_ATTR { return hn::MulAdd(a.v[i], b.v[i], c.v[i]); });
}
HWY_INLINE Panel max(Panel a, Panel b) {
  return map([&](int i) HWY_ATTR { return hn::Max(a.v[i], b.v[i]); });
}
HWY_INLINE Panel min(Panel a, Panel b) {
  return map([&](int i) HWY_ATTR { return hn::Min(a.v[i], b.v[i]); });
}
HWY_INLINE Panel sqrt(Panel a) {
  return map([&](int i) HWY_ATTR { return hn::Sqrt(a.v[i]); });
}
HWY_INLINE Panel abs(Panel a) {
  return map([&](int i) HWY_ATTR { return hn::Abs(a.v[i]); });
}
// Lane by lane: `yes` where the sign of `a` is set, else `no`.
HWY_INLINE Panel if_negative(Panel a, Panel yes, Panel no) {
  return map([&](int i) HWY_ATTR { return hn::IfNegativeThenElse(a.v[i], yes.v[i], no.v[i]); });
}
// exp(-inf) is an exact zero; arguments above 88 overflow to infinity.
HWY_INLINE Panel exp(Panel a) {
  return map([&](int i) HWY_ATTR { return hn::Exp(PanelTag(), a.v[i]); });
}

HWY_INLINE float sum_lanes(Panel a) {
  alignas(64) float lanes[kPanelWidth];
  store(a, lanes);
  for (int half = kPanelWidth / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}
HWY_INLINE float max_lane(Panel a) {
  Vector m = a.v[0];
  for (int i = 1; i < kVectors; ++i) m = hn::Max(m, a.v[i]);
  return hn::GetLane(hn::MaxOfLanes(PanelTag(), m));
}

// Calls body(index, load, store) for each panel of a row of n floats, where load(pointer, fill) and
// store(panel, pointer) touch only what lies within the row.
template <class Body>
HWY_INLINE void for_each_panel(int64_t n, const Body& body) {
  int64_t i = 0;
  for (; i + kPanelWidth <= n; i += kPanelWidth) {
    body(
        i, [](const float* p, float) HWY_ATTR { return load(p); },
        [](Panel a, float* p) HWY_ATTR { store(a, p); });
  }
  if (i < n) {
    const int64_t rest = n - i;
    body(
        i, [rest](const float* p, float fill) HWY_ATTR { return load_first(p, rest, fill); },
        [rest](Panel a, float* p) HWY_ATTR { store_first(a, p, rest); });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace deepscaler
HWY_AFTER_NAMESPACE();

#endif
