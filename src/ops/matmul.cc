#include "ops/matmul.h"

#include <algorithm>

#include "base/error.h"
#include "base/parallel.h"
#include "ops/tile_kernel.h"

namespace deepscaler {
namespace {

// Depth of a block: 256 x 3 panels of 64 bytes are 48 KiB at most and 16 KiB for one panel, so what a
// tile streams stays in the first-level cache while the rows of a task pass by.
constexpr int64_t kDepthBlock = 256;
// Rows of a task: 512 x 256 floats of x are 512 KiB, a share of the second-level cache.
constexpr int64_t kRowBlock = 512;
// Panels of a task at most; fewer where threads would go idle.
constexpr int64_t kPanelBlock = 24;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Blocks of about equal depth, a multiple of 16 but for the last.
struct DepthBlocks {
  explicit DepthBlocks(int64_t depth)
      : depth(depth),
        size(ceil_div(ceil_div(depth, ceil_div(depth, kDepthBlock)), kPanelWidth) * kPanelWidth) {}
  [[nodiscard]] int64_t last_size(int64_t first) const { return std::min(size, depth - first); }
  int64_t depth;
  int64_t size;
};

// The output of a product cut into tasks: ranges of rows times ranges of panels.
struct TaskGrid {
  TaskGrid(int64_t rows, int64_t panels, int64_t row_block)
      : rows(rows), panels(panels), row_block(row_block) {
    row_tasks = std::max<int64_t>(1, ceil_div(rows, row_block));
    // At least four tasks a thread level out what the machine's other work disturbs.
    const int64_t wanted = ceil_div(4 * thread_count(), row_tasks);
    const int64_t per_task = std::clamp<int64_t>(panels / wanted, 1, kPanelBlock);
    // In threes, as wide as the widest tile.
    panel_block = per_task > TileKernels::kPanelLimit
                      ? per_task / TileKernels::kPanelLimit * TileKernels::kPanelLimit
                      : std::min<int64_t>(TileKernels::kPanelLimit, panels);
    panel_tasks = ceil_div(panels, panel_block);
  }

  template <class Body>
  void run(const Body& body) const {
    parallel_for(row_tasks * panel_tasks, [&](int64_t task) {
      const int64_t first_row = task % row_tasks * row_block;
      const int64_t first_panel = task / row_tasks * panel_block;
      body(first_row, std::min(row_block, rows - first_row), first_panel,
           std::min(panel_block, panels - first_panel));
    });
  }

  int64_t rows, panels, row_block, panel_block, row_tasks, panel_tasks;
};

// Runs tiles whose output is row-major [rows, cols], where the last panel may reach past the last
// column: that panel is computed beside the output and its valid part copied, bit for bit.
void multiply_into_rows(const TileKernels& kernels, TileOperands t, int64_t rows, int64_t panels,
                        int64_t columns) {
  t.c_panel_stride = kPanelWidth;
  const int64_t whole = std::min(panels, columns / kPanelWidth);
  multiply_tiles(kernels, t, rows, whole);
  if (whole == panels) return;

  const int64_t tail = columns - whole * kPanelWidth;
  const float* b = t.b + whole * t.b_panel_stride;
  float* c = t.c + whole * kPanelWidth;
  float beside[TileKernels::kRowLimit * kPanelWidth] = {};
  for (int64_t first = 0; first < rows; first += kernels.max_rows) {
    const int64_t height = std::min<int64_t>(kernels.max_rows, rows - first);
    for (int64_t r = 0; r < height; ++r) {
      std::copy_n(c + (first + r) * t.c_row_stride, tail, beside + r * kPanelWidth);
    }
    TileOperands narrow = t;
    narrow.a += first * t.a_row_stride;
    narrow.b = b;
    narrow.c = beside;
    narrow.c_row_stride = kPanelWidth;
    multiply_tiles(kernels, narrow, height, 1);
    for (int64_t r = 0; r < height; ++r) {
      std::copy_n(beside + r * kPanelWidth, tail, c + (first + r) * t.c_row_stride);
    }
  }
}

// out [16 rows of depth][16] = transpose of in [16][16], both contiguous.
void transpose_square(const float* in, float* out) {
  for (int64_t row = 0; row < kPanelWidth; row += 4) {
    for (int64_t col = 0; col < kPanelWidth; ++col) {
      for (int64_t k = 0; k < 4; ++k) out[col * kPanelWidth + row + k] = in[(row + k) * kPanelWidth + col];
    }
  }
}

}  // namespace

int64_t panel_size(int64_t out, int64_t in) { return ceil_div(out, kPanelWidth) * kPanelWidth * in; }

int64_t panel_offset(int64_t in, int64_t o, int64_t i) {
  return (o / kPanelWidth * in + i) * kPanelWidth + o % kPanelWidth;
}

void pack_panels(ConstMatrixView rows, PanelView panels) {
  DEEPSCALER_CHECK(rows.rows == panels.out && rows.cols == panels.in);
  parallel_for(ceil_div(panels.out, kPanelWidth), [&](int64_t panel) {
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

void matmul(ConstMatrixView x, ConstPanelView weight, MatrixView y, Accumulate accumulate) {
  DEEPSCALER_CHECK(x.cols == weight.in && y.cols == weight.out && x.rows == y.rows, "{}x{} by {}x{} to {}x{}",
                   x.rows, x.cols, weight.out, weight.in, y.rows, y.cols);
  const TileKernels& kernels = tile_kernels();
  const DepthBlocks blocks(weight.in);
  const TaskGrid grid(x.rows, ceil_div(weight.out, kPanelWidth), kRowBlock);
  grid.run([&](int64_t first_row, int64_t rows, int64_t first_panel, int64_t panels) {
    for (int64_t depth = 0; depth < weight.in; depth += blocks.size) {
      const TileOperands t = {.a = x.row(first_row) + depth,
                              .a_row_stride = x.stride,
                              .a_depth_stride = 1,
                              .b = weight.data + (first_panel * weight.in + depth) * kPanelWidth,
                              .b_depth_stride = kPanelWidth,
                              .b_panel_stride = weight.in * kPanelWidth,
                              .c = y.row(first_row) + first_panel * kPanelWidth,
                              .c_row_stride = y.stride,
                              .c_panel_stride = kPanelWidth,
                              .depth = blocks.last_size(depth),
                              .accumulate = depth > 0 || accumulate == Accumulate::kYes};
      multiply_into_rows(kernels, t, rows, panels, weight.out - first_panel * kPanelWidth);
    }
  });
}

void matmul_dx(ConstMatrixView dy, ConstPanelView weight, MatrixView dx, Accumulate accumulate) {
  DEEPSCALER_CHECK(dy.cols == weight.out && dx.cols == weight.in && dy.rows == dx.rows);
  const TileKernels& kernels = tile_kernels();
  const DepthBlocks blocks(weight.out);
  const TaskGrid grid(dy.rows, ceil_div(weight.in, kPanelWidth), kRowBlock);
  grid.run([&](int64_t first_row, int64_t rows, int64_t first_panel, int64_t panels) {
    // Panels of W^T, made here from those of W, a block of a few panels at a time.
    alignas(64) thread_local float transposed[TileKernels::kPanelLimit][kDepthBlock * kPanelWidth];
    for (int64_t depth = 0; depth < weight.out; depth += blocks.size) {
      const int64_t block_depth = blocks.last_size(depth);
      for (int64_t p = 0; p < panels; p += TileKernels::kPanelLimit) {
        const int64_t group = std::min<int64_t>(TileKernels::kPanelLimit, panels - p);
        for (int64_t g = 0; g < group; ++g) {
          const int64_t first_in = (first_panel + p + g) * kPanelWidth;
          const int64_t valid = std::min(kPanelWidth, weight.in - first_in);
          for (int64_t o = 0; o < block_depth; o += kPanelWidth) {
            const float* square = weight.data + panel_offset(weight.in, depth + o, first_in);
            float* out = transposed[g] + o * kPanelWidth;
            if (valid == kPanelWidth) {
              transpose_square(square, out);
            } else {
              for (int64_t i = 0; i < kPanelWidth; ++i) {
                for (int64_t lane = 0; lane < kPanelWidth; ++lane) {
                  out[lane * kPanelWidth + i] = i < valid ? square[i * kPanelWidth + lane] : 0.0f;
                }
              }
            }
          }
        }
        const TileOperands t = {.a = dy.row(first_row) + depth,
                                .a_row_stride = dy.stride,
                                .a_depth_stride = 1,
                                .b = transposed[0],
                                .b_depth_stride = kPanelWidth,
                                .b_panel_stride = kDepthBlock * kPanelWidth,
                                .c = dx.row(first_row) + (first_panel + p) * kPanelWidth,
                                .c_row_stride = dx.stride,
                                .c_panel_stride = kPanelWidth,
                                .depth = block_depth,
                                .accumulate = depth > 0 || accumulate == Accumulate::kYes};
        multiply_into_rows(kernels, t, rows, group, weight.in - (first_panel + p) * kPanelWidth);
      }
    }
  });
}

void matmul_dw(ConstMatrixView dy, ConstMatrixView x, PanelView weight_gradient) {
  const int64_t in = weight_gradient.in, out = weight_gradient.out, tokens = x.rows;
  DEEPSCALER_CHECK(dy.cols == out && x.cols == in && dy.rows == tokens);
  const TileKernels& kernels = tile_kernels();
  const DepthBlocks blocks(tokens);
  // The rows of this product are the inputs: the result then is in panels as it stands.
  const TaskGrid grid(in, ceil_div(out, kPanelWidth), kRowBlock);
  grid.run([&](int64_t first_in, int64_t ins, int64_t first_panel, int64_t panels) {
    alignas(64) thread_local float dy_panels[TileKernels::kPanelLimit][kDepthBlock * kPanelWidth];
    for (int64_t depth = 0; depth < tokens; depth += blocks.size) {
      const int64_t block_depth = blocks.last_size(depth);
      for (int64_t p = 0; p < panels; p += TileKernels::kPanelLimit) {
        const int64_t group = std::min<int64_t>(TileKernels::kPanelLimit, panels - p);
        for (int64_t g = 0; g < group; ++g) {
          const int64_t first_out = (first_panel + p + g) * kPanelWidth;
          const int64_t valid = std::min(kPanelWidth, out - first_out);
          for (int64_t t = 0; t < block_depth; ++t) {
            float* lanes = dy_panels[g] + t * kPanelWidth;
            std::copy_n(dy.row(depth + t) + first_out, valid, lanes);
            std::fill(lanes + valid, lanes + kPanelWidth, 0.0f);
          }
        }
        multiply_tiles(
            kernels,
            {.a = x.row(depth) + first_in,
             .a_row_stride = 1,
             .a_depth_stride = x.stride,
             .b = dy_panels[0],
             .b_depth_stride = kPanelWidth,
             .b_panel_stride = kDepthBlock * kPanelWidth,
             .c = weight_gradient.data + panel_offset(in, (first_panel + p) * kPanelWidth, first_in),
             .c_row_stride = kPanelWidth,
             .c_panel_stride = in * kPanelWidth,
             .depth = block_depth,
             .accumulate = true},
            ins, group);
      }
    }
  });
}

}  // namespace deepscaler
