// How weights lie in memory: in panels, [ceil(out / 16)][in][16], sixteen outputs side by side, so that a
// kernel reads them in one stream. Lanes past `out` are zero and stay zero. Gradients use the same layout as
// the weights, so an optimizer walks both as flat arrays, and an f32 weight has no second copy.
#pragma once

#include <cstdint>

#include "base/integer.h"
#include "tensor/matrix.h"

namespace deepscaler {

// 16 floats: one AVX-512 register or two of AVX2, and one cache line.
inline constexpr int64_t kPanelWidth = 16;

// The number of panels for `out` outputs, or for `out` columns of a result.
[[nodiscard]] constexpr int64_t panel_count(int64_t out) { return ceil_div(out, kPanelWidth); }
// The number of floats in the panels of an [out, in] matrix.
[[nodiscard]] int64_t panel_size(int64_t out, int64_t in);
// Where element [o, i] of the matrix stands in its panels.
[[nodiscard]] int64_t panel_offset(int64_t in, int64_t o, int64_t i);

// A weight in panels; T is float or const float. A view: owns nothing.
template <class T>
struct PanelSpan {
  T* data = nullptr;
  int64_t out = 0;
  int64_t in = 0;

  operator PanelSpan<const T>() const { return {data, out, in}; }
};
using PanelView = PanelSpan<float>;
using ConstPanelView = PanelSpan<const float>;

// Between row-major [O, I] and panels. pack_panels also zeroes the lanes past O.
void pack_panels(ConstMatrixView rows, PanelView panels);
void unpack_panels(ConstPanelView panels, MatrixView rows);

}  // namespace deepscaler
