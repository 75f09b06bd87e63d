#include "ops/panels.h"

#include "base/error.h"
#include "base/parallel.h"

namespace deepscaler {

int64_t panel_size(int64_t out, int64_t in) { return panel_count(out) * kPanelWidth * in; }

int64_t panel_offset(int64_t in, int64_t o, int64_t i) {
  return (o / kPanelWidth * in + i) * kPanelWidth + o % kPanelWidth;
}

void pack_panels(ConstMatrixView rows, PanelView panels) {
  DEEPSCALER_CHECK(rows.rows == panels.out && rows.cols == panels.in);
  parallel_for(panel_count(panels.out), [&](int64_t panel) {
    float* out = panels.data + panel * panels.in * kPanelWidth;
    for (int64_t lane = 0; lane < kPanelWidth; ++lane) {
      const int64_t o = panel * kPanelWidth + lane;
      for (int64_t i = 0; i < panels.in; ++i) {
        out[i * kPanelWidth + lane] = o < panels.out ? rows.row(o)[i] : 0.0f;
      }
    }
  });
}

void unpack_panels(ConstPanelView panels, MatrixView rows) {
  DEEPSCALER_CHECK(rows.rows == panels.out && rows.cols == panels.in);
  parallel_for(panels.out, [&](int64_t o) {
    const float* in = panels.data + panel_offset(panels.in, o, 0);
    for (int64_t i = 0; i < panels.in; ++i) rows.row(o)[i] = in[i * kPanelWidth];
  });
}

}  // namespace deepscaler
