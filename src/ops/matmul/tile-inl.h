// The loop of a register tile, for one instruction set: included by what defines tiles, where that set's
// namespace and target are open (so there is no guard), after these constants:
//
//   kFetchSteps  steps of the depth from one look at what else to fetch to the next
//   kUnroll      rows of the panels between two looks at the end of the depth
//
// A struct of the panels has the arithmetic:
//
//   Vector, Factor  a register of sums, and one of factors
//   kLanes          floats of a Vector
//   kSteps          steps of the depth in a row of a panel, one or two; the second is added first
//   kRowFloats      floats of a row of a panel
//   kChain          steps of a chain
//   kFetchRows      how far ahead of its use a panel is fetched, in rows
//   kMaxRows        the height of the tallest tile, panels_for_rows(rows) the width of the widest
//   kTiles          whether `a` may also stand in tiles
//   zero(), load_sum(p), store_sum(sum, p), add(x, y), broadcast(a), load<kStep>(row, v), multiply_add(a, b,
//   sum)

template <class Panels, int kRows, int kPanels>
using Sums = typename Panels::Vector[kRows][kPanels * (kPanelWidth / Panels::kLanes)];

// Adds the products of one step of the depth to the sums: step kStep of a row of the panels.
template <class Panels, int kStep, int kRows, int kPanels>
HWY_INLINE void add_step(const float* a, int64_t a_row_stride, const float* b, int64_t b_panel_stride,
                         Sums<Panels, kRows, kPanels>& sums) {
  constexpr int kVectors = kPanelWidth / Panels::kLanes;
  typename Panels::Factor b_row[kPanels * kVectors];
#pragma GCC unroll 16
  for (int v = 0; v < kPanels * kVectors; ++v) {
    b_row[v] = Panels::template load<kStep>(b + v / kVectors * b_panel_stride, v % kVectors);
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    const auto a_value = Panels::broadcast(a + r * a_row_stride);
#pragma GCC unroll 16
    for (int v = 0; v < kPanels * kVectors; ++v) {
      sums[r][v] = Panels::multiply_add(a_value, b_row[v], sums[r][v]);
    }
  }
}

// add_step() for `steps` steps of the depth. Each moves `a` on by a_step.
template <class Panels, bool kFetch, int kRows, int kPanels>
HWY_INLINE void add_steps(int64_t steps, const float* a, int64_t a_row_stride, int64_t a_step, const float* b,
                          int64_t b_panel_stride, int64_t fetch_distance,
                          Sums<Panels, kRows, kPanels>& sums) {
#pragma GCC unroll kUnroll
  for (int64_t i = steps; i > 0; i -= Panels::kSteps) {
    if (kFetch) {
#pragma GCC unroll 3
      for (int p = 0; p < kPanels; ++p) fetch(b + fetch_distance + p * b_panel_stride);
    }
    if constexpr (Panels::kSteps == 2) {
      add_step<Panels, 1, kRows, kPanels>(a + a_step, a_row_stride, b, b_panel_stride, sums);
      // Both steps load the row: there are no registers to keep it in meanwhile.
      std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    add_step<Panels, 0, kRows, kPanels>(a, a_row_stride, b, b_panel_stride, sums);
    a += Panels::kSteps * a_step;
    b += Panels::kRowFloats;
  }
}

template <class Panels, int kRows, int kPanels, bool kATile>
void tile(const TileOperands& t) {
  constexpr int kVectors = kPanelWidth / Panels::kLanes;
  // Copies, since the compiler reads `t` again after each store to c.
  const int64_t a_row_stride = kATile ? 1 : t.a_row_stride, b_panel_stride = t.b_panel_stride;
  constexpr int64_t kAStep = kATile ? kRows : 1;
  const int64_t fetch_distance = t.fetch_distance;
  const float* next = t.next;
  const int64_t next_lines = t.next_lines;
  const int64_t c_row_stride = t.c_row_stride, c_panel_stride = t.c_panel_stride;
  const float* a = t.a;
  const float* b = t.b;
  float* const c = t.c;
  bool accumulate = t.accumulate;
  for (int64_t rest = t.depth; rest > 0; rest -= Panels::kChain) {
    Sums<Panels, kRows, kPanels> sums;
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
      for (int v = 0; v < kPanels * kVectors; ++v) sums[r][v] = Panels::zero();
    }

    for (int64_t left = std::min(rest, Panels::kChain); left > 0; left -= kFetchSteps) {
      const int64_t steps = std::min(left, kFetchSteps);
      for (int64_t i = 0; i < next_lines; ++i, next += kPanelWidth) {
#pragma GCC unroll 3
        for (int p = 0; p < kPanels; ++p) fetch(next + p * b_panel_stride);
      }
      if (fetch_distance != 0) {
        add_steps<Panels, true, kRows, kPanels>(steps, a, a_row_stride, kAStep, b, b_panel_stride,
                                                fetch_distance, sums);
      } else {
        add_steps<Panels, false, kRows, kPanels>(steps, a, a_row_stride, kAStep, b, b_panel_stride, 0, sums);
      }
      a += steps * kAStep;
      b += steps / Panels::kSteps * Panels::kRowFloats;
    }

#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
      for (int v = 0; v < kPanels * kVectors; ++v) {
        float* to = c + r * c_row_stride + v / kVectors * c_panel_stride + v % kVectors * Panels::kLanes;
        Panels::store_sum(accumulate ? Panels::add(Panels::load_sum(to), sums[r][v]) : sums[r][v], to);
      }
    }
    accumulate = true;
  }
}

template <class Panels, int kRows, int kPanels>
void add_kernel(TileKernels& kernels) {
  kernels.of_rows[kRows][kPanels] = tile<Panels, kRows, kPanels, false>;
  if constexpr (Panels::kTiles) kernels.of_tiles[kRows][kPanels] = tile<Panels, kRows, kPanels, true>;
}

template <class Panels, int kRows>
void add_kernels_of_height(TileKernels& kernels) {
  constexpr int kWidest = Panels::panels_for_rows(kRows);
  kernels.panels_at_once[kRows] = kWidest;
  add_kernel<Panels, kRows, 1>(kernels);
  if constexpr (kWidest >= 2) add_kernel<Panels, kRows, 2>(kernels);
  if constexpr (kWidest >= 3) add_kernel<Panels, kRows, 3>(kernels);
}

template <class Panels>
TileKernels make_kernels() {
  TileKernels all{};
  all.max_rows = Panels::kMaxRows;
  all.step_floats = Panels::kRowFloats / Panels::kSteps;
  all.fetch_distance = Panels::kFetchRows * Panels::kRowFloats;
  all.fetch_steps = kFetchSteps;
  [&]<int... kRows>(std::integer_sequence<int, kRows...>) {
    (add_kernels_of_height<Panels, kRows + 1>(all), ...);
  }
  (std::make_integer_sequence<int, Panels::kMaxRows>{});
  return all;
}
