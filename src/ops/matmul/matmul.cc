#include "ops/matmul/matmul.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/error.h"
#include "base/integer.h"
#include "base/parallel.h"
#include "ops/fetch.h"
#include "ops/matmul/product_tasks.h"
#include "ops/matmul/tile_kernel.h"
#include "ops/matmul/transpose_kernel.h"

namespace deepscaler {
namespace {

// Depth of a block: each one after the first reads and writes the result once more, so it is as deep as the
// second-level cache allows: 768 x 3 panels of 64 bytes are 144 KiB, which stream while rows pass by.
constexpr int64_t kDepthBlock = 768;
// Of the rows that pass the panels of a block together: 576 KiB, another share of that cache.
constexpr int64_t kPassingFloats = 144 * 1024;
// Rows of a task come in multiples of the tallest tile.
constexpr int64_t kRowUnit = TileKernels::kRowLimit;
// Rows of a task that has to pack its panels first: enough to pay for that.
constexpr int64_t kPackingRowBlock = 1024;
constexpr int64_t kDwRowBlock = 640;
// Of dW, whose result is large: each block of its depth reads and writes all of it, so blocks are deeper, and
// more of its rows pass by at a time.
constexpr int64_t kDwDepthBlock = 512;
constexpr int64_t kDwPassingRows = 240;
// Panels of dy packed at a time: they stay near while the rows pass.
constexpr int64_t kDwPanels = 2 * TileKernels::kPanelLimit;

std::atomic<int64_t> flops_so_far = 0;

// Blocks of about equal depth, a multiple of the length of a chain but for the last.
struct DepthBlocks {
  explicit DepthBlocks(int64_t depth, int64_t most = kDepthBlock)
      : depth(depth), size(round_up(ceil_div(depth, ceil_div(depth, most)), kChainLength)) {}
  [[nodiscard]] int64_t last_size(int64_t first) const { return std::min(size, depth - first); }
  // How many rows pass the panels of a block together.
  [[nodiscard]] int64_t passing_rows() const { return round_up(kPassingFloats / size, kRowUnit); }
  int64_t depth;
  int64_t size;
};

template <class AnyProjections>
int64_t panel_count_of(const AnyProjections& projections) {
  int64_t panels = 0;
  for (const auto& projection : projections) panels += panel_count(projection.weight.out);
  return panels;
}

// Calls body(projection, first, count) for the panels of each projection in a range of the panels of all.
template <class AnyProjections, class Body>
void for_each_part(const AnyProjections& projections, int64_t first_panel, int64_t panels, const Body& body) {
  for (const auto& projection : projections) {
    const int64_t own = panel_count(projection.weight.out);
    const int64_t first = std::clamp<int64_t>(first_panel, 0, own);
    const int64_t end = std::clamp<int64_t>(first_panel + panels, 0, own);
    if (first < end) body(projection, first, end - first);
    first_panel -= own;
  }
}

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

// Memory of this thread for `count` packed numbers; valid until the next call.
float* pack_memory(int64_t count) {
  thread_local Buffer<float> memory;
  memory.reserve_discarding(count);
  return memory.data();
}

// Squares of the weights lie far apart along the depth, where no hardware foresees them.
constexpr int64_t kPrefetchSquares = 4;

void prefetch_square(const float* square) {
  for (int64_t row = 0; row < kPanelWidth; ++row) fetch(square + row * kPanelWidth);
}

// Packs panels of W^T, inputs [first_in, ...) wide and outputs [first_out, + depth) deep, where first_out is
// a multiple of 16. The last square of a panel may reach past its depth: the next panel then covers that, and
// behind the last one there must be room for a square.
void pack_transposed(ConstPanelView weight, int64_t first_in, int64_t panels, int64_t first_out,
                     int64_t depth, float* out) {
  const auto transpose_square = square_transpose();
  const int64_t square_stride = weight.in * kPanelWidth;
  for (int64_t p = 0; p < panels; ++p) {
    const int64_t in = first_in + p * kPanelWidth, valid = std::min(kPanelWidth, weight.in - in);
    float* to = out + p * packed_panel_stride(depth);
    for (int64_t o = 0; o < depth; o += kPanelWidth, to += kPanelWidth * kPanelWidth) {
      const float* square = weight.data + panel_offset(weight.in, first_out + o, in);
      prefetch_square(square + kPrefetchSquares * square_stride);
      if (valid == kPanelWidth) {
        transpose_square(square, to);
        continue;
      }
      float padded[kPanelWidth * kPanelWidth] = {};
      std::copy_n(square, valid * kPanelWidth, padded);
      transpose_square(padded, to);
    }
  }
}

// Panels [depth][16] of the columns [first, ...) of `in`, zeros past the last.
void pack_columns(ConstMatrixView in, int64_t first, int64_t panels, float* out) {
  const int64_t stride = packed_panel_stride(in.rows);
  const int64_t count = std::min(panels * kPanelWidth, in.cols - first), whole = count / kPanelWidth;
  for (int64_t row = 0; row < in.rows; ++row) {
    const float* from = in.row(row) + first;
    const float* ahead = in.row(std::min(row + kRowsAhead, in.rows - 1)) + first;
    float* to = out + row * kPanelWidth;
    for (int64_t p = 0; p < whole; ++p) {
      fetch(ahead + p * kPanelWidth);
      std::memcpy(to + p * stride, from + p * kPanelWidth, kPanelWidth * sizeof(float));
    }
    if (whole == panels) continue;
    float* last = to + whole * stride;
    std::fill(std::copy_n(from + whole * kPanelWidth, count - whole * kPanelWidth, last), last + kPanelWidth,
              0.0f);
  }
}

}  // namespace

int64_t packed_panel_stride(int64_t depth) { return (depth + 1) * kPanelWidth; }

void multiply_by_panels(const TileKernels& kernels, ConstMatrixView x, ForwardProjections projections,
                        Accumulate accumulate) {
  for (const auto& [weight, y] : projections) {
    DEEPSCALER_CHECK(x.cols == weight.in && y.cols == weight.out && x.rows == y.rows,
                     "{}x{} by {}x{} to {}x{}", x.rows, x.cols, weight.out, weight.in, y.rows, y.cols);
  }
  const DepthBlocks blocks(x.cols);
  const ProductTasks tasks(x.rows, panel_count_of(projections), blocks.passing_rows(), kRowUnit);
  // Null past the last panel.
  const auto weight_at = [&](int64_t panel, int64_t depth) {
    const float* found = nullptr;
    for_each_part(projections, panel, 1, [&](const auto& projection, int64_t own_panel, int64_t) {
      found = projection.weight.data + (own_panel * x.cols + depth) * kernels.step_floats;
    });
    return found;
  };
  tasks.run([&](const ProductTask& task, const ProductTask& following) {
    int64_t panel = task.first_panel;
    const int64_t end = panel + task.panels;
    for_each_part(projections, panel, task.panels, [&](const auto& projection, int64_t first, int64_t count) {
      const auto& [weight, y] = projection;
      const int64_t panel_after = panel + count < end ? panel + count : following.first_panel;
      for (int64_t depth = 0; depth < x.cols; depth += blocks.size) {
        const int64_t depth_after = depth + blocks.size;
        const TileOperands t = {
            .a = x.row(task.first_row) + depth,
            .a_row_stride = x.stride,
            .b = weight_at(panel, depth),
            .b_panel_stride = x.cols * kernels.step_floats,
            .c = y.row(task.first_row) + first * kPanelWidth,
            .c_row_stride = y.stride,
            .c_panel_stride = kPanelWidth,
            .depth = blocks.last_size(depth),
            .accumulate = depth > 0 || accumulate == Accumulate::kYes,
            .b_from_memory = true,
            .b_after = depth_after < x.cols ? weight_at(panel, depth_after) : weight_at(panel_after, 0)};
        multiply_into_rows(kernels, t, task.rows, count, weight.out - first * kPanelWidth);
      }
      panel += count;
    });
  });
}

int64_t product_flops() { return flops_so_far; }

void count_product(int64_t rows, int64_t out, int64_t in) { flops_so_far += 2 * rows * out * in; }

void matmul(ConstMatrixView x, ForwardProjections projections, Accumulate accumulate) {
  for (const auto& [weight, y] : projections) count_product(x.rows, weight.out, weight.in);
  multiply_by_panels(tile_kernels(), x, projections, accumulate);
}

void multiply_packing(const TileKernels& kernels, std::span<const PackedTerm> terms, MatrixView c,
                      Accumulate accumulate) {
  int64_t deepest = 0;  // of all blocks
  int64_t passing_rows = c.rows;
  for (const PackedTerm& term : terms) {
    const DepthBlocks blocks(term.a.cols);
    deepest = std::max(deepest, blocks.size);
    passing_rows = std::min(passing_rows, blocks.passing_rows());
  }
  const ProductTasks tasks(c.rows, panel_count(c.cols), kPackingRowBlock, kRowUnit);
  tasks.run([&](const ProductTask& task, const ProductTask&) {
    // Where all rows pass at once, no more panels are packed than stay near while they do.
    const int64_t together = task.rows <= passing_rows ? TileKernels::kPanelLimit : task.panels;
    float* packed = pack_memory(std::min(together, task.panels) * packed_panel_stride(deepest) +
                                kPanelWidth * kPanelWidth);
    const int64_t end_row = task.first_row + task.rows, end_panel = task.first_panel + task.panels;
    for (int64_t panel = task.first_panel; panel < end_panel; panel += together) {
      const int64_t count = std::min(together, end_panel - panel);
      bool add = accumulate == Accumulate::kYes;
      for (const auto& [a, pack] : terms) {
        const DepthBlocks blocks(a.cols);
        for (int64_t depth = 0; depth < a.cols; depth += blocks.size) {
          const int64_t block_depth = blocks.last_size(depth);
          pack(panel, count, depth, block_depth, packed);
          for (int64_t row = task.first_row; row < end_row; row += passing_rows) {
            const TileOperands t = {.a = a.row(row) + depth,
                                    .a_row_stride = a.stride,
                                    .b = packed,
                                    .b_panel_stride = packed_panel_stride(block_depth),
                                    .c = c.row(row) + panel * kPanelWidth,
                                    .c_row_stride = c.stride,
                                    .c_panel_stride = kPanelWidth,
                                    .depth = block_depth,
                                    .accumulate = add};
            multiply_into_rows(kernels, t, std::min(passing_rows, end_row - row), count,
                               c.cols - panel * kPanelWidth);
          }
          add = true;
        }
      }
    }
  });
}

void matmul_dx(InputProjections projections, MatrixView dx, Accumulate accumulate) {
  const auto terms = projections.changed([&](const auto& projection) {
    const auto& [weight, dy] = projection;
    DEEPSCALER_CHECK(dy.cols == weight.out && dx.cols == weight.in && dy.rows == dx.rows);
    count_product(dy.rows, weight.out, weight.in);
    return PackedTerm{dy, [weight = weight](int64_t first_panel, int64_t panels, int64_t first_out,
                                            int64_t depth, float* out) {
                        pack_transposed(weight, first_panel * kPanelWidth, panels, first_out, depth, out);
                      }};
  });
  multiply_packing(tile_kernels(), terms, dx, accumulate);
}

void matmul_dw(GradientProjections projections, ConstMatrixView x) {
  const auto packing = projections.changed([&](const auto& projection) {
    const auto& [gradient, dy] = projection;
    DEEPSCALER_CHECK(dy.cols == gradient.out && dy.rows == x.rows);
    count_product(x.rows, gradient.out, gradient.in);
    return Projection<PanelView, PackPanels>{
        gradient,
        [dy = dy](int64_t first_panel, int64_t panels, int64_t first_row, int64_t rows, float* out) {
          pack_columns({dy.row(first_row), rows, dy.cols, dy.stride}, first_panel * kPanelWidth, panels, out);
        }};
  });
  add_outer_products(tile_kernels(), packing, x);
}

void add_outer_products(const TileKernels& kernels, Projections<PanelView, PackPanels> projections,
                        ConstMatrixView x) {
  const int64_t in = x.cols, tokens = x.rows;
  for (const auto& projection : projections) DEEPSCALER_CHECK(in == projection.weight.in);
  const DepthBlocks blocks(tokens, kDwDepthBlock);
  // The rows of this product are the inputs: the result then is in panels as it stands.
  const ProductTasks tasks(in, panel_count_of(projections), kDwRowBlock, kDwPassingRows);
  thread_local Buffer<float> memory;
  memory.reserve_discarding(in * blocks.size);
  float* const x_tiles = memory.data();
  for (int64_t depth = 0; depth < tokens; depth += blocks.size) {
    const int64_t block_depth = blocks.last_size(depth);
    // Every task reads all of x, so it is packed once for all of them.
    parallel_for(ceil_div(in, kDwPassingRows), [&](int64_t block) {
      const int64_t i = block * kDwPassingRows;
      pack_tiles(kernels, x.row(depth) + i, x.stride, block_depth, std::min(kDwPassingRows, in - i),
                 x_tiles + i * block_depth);
    });
    const auto add_part = [&](const auto& projection, const ProductTask& part) {
      const auto& [gradient, pack] = projection;
      float* dy_panels = pack_memory(kDwPanels * packed_panel_stride(block_depth));
      for (int64_t p = 0; p < part.panels; p += kDwPanels) {
        const int64_t panel = part.first_panel + p, panels = std::min(kDwPanels, part.panels - p);
        pack(panel, panels, depth, block_depth, dy_panels);
        for (int64_t row = 0; row < part.rows; row += kDwPassingRows) {
          const int64_t i = part.first_row + row;
          multiply_packed_tiles(kernels,
                                {.a = x_tiles + i * block_depth,
                                 .b = dy_panels,
                                 .b_panel_stride = packed_panel_stride(block_depth),
                                 .c = gradient.data + panel_offset(in, panel * kPanelWidth, i),
                                 .c_row_stride = kPanelWidth,
                                 .c_panel_stride = in * kPanelWidth,
                                 .depth = block_depth,
                                 .accumulate = true},
                                std::min(kDwPassingRows, part.rows - row), panels);
        }
      }
    };
    tasks.run([&](const ProductTask& task, const ProductTask&) {
      for_each_part(projections, task.first_panel, task.panels,
                    [&](const auto& projection, int64_t first_panel, int64_t panels) {
                      add_part(projection, {task.first_row, task.rows, first_panel, panels});
                    });
    });
  }
}

}  // namespace deepscaler
