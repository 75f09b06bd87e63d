#include "ops/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/parallel.h"
#include "ops/bf16_kernel.h"
#include "ops/bf16_native.h"
#include "ops/fetch.h"
#include "ops/kernel_target.h"
#include "ops/softmax_kernel.h"
#include "ops/tile_kernel.h"
#include "ops/transpose_kernel.h"

namespace deepscaler {
namespace {

// Queries that pass a block of keys together: 48 x 64 floats of q and of the output are 24 KiB, so they
// stay near while the blocks stream by.
constexpr int64_t kQueriesPerTile = 48;
// Rows whose keys and values a task stores.
constexpr int64_t kRowsPerStore = 16;
// The backward pass cuts a long span into at most so many parts, of at least so many rows: each adds up
// gradients of all the keys that it sees, which takes memory.
constexpr int64_t kBackwardParts = 8;
constexpr int64_t kLeastBackwardRows = 256;

// What the products of attention multiply: numbers in f32, or rounded to bf16.
struct Arithmetic {
  const TileKernels& tiles;
  // Numbers along the depth that stand in one float of a factor: one, or a pair of bf16.
  int64_t per_float = 1;
  // How rows of a factor are rounded, n numbers, a multiple of 16. Not at all in f32.
  void (*round)(const float* in, int64_t n, float* out) = nullptr;

  [[nodiscard]] bool is_paired() const { return per_float == 2; }
};

Arithmetic f32_arithmetic() { return {tile_kernels()}; }

Arithmetic paired_arithmetic() {
  const auto narrow = [](const float* in, int64_t n, float* out) {
    bf16_kernels().narrow(in, n, reinterpret_cast<uint16_t*>(out));
  };
  return {native_bf16_tile_kernels(), 2, narrow};
}

// Multiplies the numbers of a block as they stand.
Arithmetic forward_arithmetic(const AttentionShape& shape) {
  if (!shape.bf16) return f32_arithmetic();
  if (bf16_is_fast()) return paired_arithmetic();
  return {bf16_pair_panel_tile_kernels(), 1, bf16_kernels().round};
}

Arithmetic backward_arithmetic(const AttentionShape& shape) {
  return shape.bf16 && bf16_is_fast() ? paired_arithmetic() : f32_arithmetic();
}

// The rows of a factor, n numbers, as the tiles read them: as they are, or rounded in `memory` [n].
const float* factor(const Arithmetic& arithmetic, const float* in, int64_t n, float* memory) {
  if (arithmetic.round == nullptr) return in;
  arithmetic.round(in, n, memory);
  return memory;
}

// The number of keys of `block` that the query at `position` may see, from none to all.
int64_t visible_keys(int64_t position, int64_t block) {
  return std::clamp<int64_t>(position - block * kKeysPerBlock + 1, 0, kKeysPerBlock);
}

// Part of a span, a task: the rows [first, first + rows) of it, for one key/value head.
struct QueryTile {
  const AttentionSpan* span;
  int64_t kv_head, first, rows;

  [[nodiscard]] int64_t position(int64_t row) const { return span->first_position + first + row; }
  [[nodiscard]] int64_t last_block() const { return position(rows - 1) / kKeysPerBlock; }
  [[nodiscard]] int64_t blocks() const { return last_block() + 1; }
  // The first of its rows that sees a key of `block`.
  [[nodiscard]] int64_t first_seeing(int64_t block) const {
    return std::max<int64_t>(0, block * kKeysPerBlock - position(0));
  }
};

// All spans and heads in tiles; rows_of(span) is how many rows one takes at most.
template <class RowsOf>
std::vector<QueryTile> cut_into_tiles(const AttentionShape& shape, std::span<const AttentionSpan> spans,
                                      const RowsOf& rows_of) {
  std::vector<QueryTile> tiles;
  for (const AttentionSpan& span : spans) {
    const int64_t most = rows_of(span);
    for (int64_t first = 0; first < span.rows; first += most) {
      for (int64_t h = 0; h < shape.kv_heads; ++h) {
        tiles.push_back({&span, h, first, std::min(most, span.rows - first)});
      }
    }
  }
  return tiles;
}

// Calls body(i) for the tiles in parallel. The later a tile of a span, the more keys it sees: the longest
// tasks begin first.
template <class Body>
void for_each_tile(const std::vector<QueryTile>& tiles, const Body& body) {
  const int64_t count = std::ssize(tiles);
  parallel_for(count, [&](int64_t task) { body(count - 1 - task); });
}

// Where query head h of the tile's group in one row stands in a [T, H * d] matrix.
template <class View>
auto* query(const AttentionShape& shape, const View& matrix, const QueryTile& tile, int64_t row, int64_t h) {
  return matrix.row(tile.span->first_row + tile.first + row) +
         (tile.kv_head * shape.queries_per_kv_head() + h) * shape.head_dim;
}

// Copies the tile's queries to [rows * group][d], times `scale`.
void gather_queries(const AttentionShape& shape, ConstMatrixView matrix, const QueryTile& tile, float scale,
                    float* out) {
  // The heads of a group stand side by side.
  const int64_t width = shape.queries_per_kv_head() * shape.head_dim;
  for (int64_t row = 0; row < tile.rows; ++row, out += width) {
    softmax_kernels().multiply(query(shape, matrix, tile, row, 0), scale, width, out);
  }
}

float score_scale(const AttentionShape& shape) {
  return 1.0f / std::sqrt(static_cast<float>(shape.head_dim));
}

// out [n][32] = queries [n][d] times the panels [2][d][16] of a block's keys.
void multiply_by_columns(const Arithmetic& arithmetic, int64_t width, const float* queries, int64_t n,
                         const float* panels, float* out) {
  const int64_t depth = width / arithmetic.per_float;
  multiply_tiles(arithmetic.tiles,
                 {.a = queries,
                  .a_row_stride = depth,
                  .b = panels,
                  .b_panel_stride = depth * arithmetic.tiles.step_floats,
                  .c = out,
                  .c_row_stride = kKeysPerBlock,
                  .c_panel_stride = kPanelWidth,
                  .depth = depth,
                  .accumulate = false},
                 n, kKeysPerBlock / kPanelWidth);
}

// out [n][d] += weights [n][32] times the panels [d / 16][32][16] of a block's values.
void add_weighted_rows(const Arithmetic& arithmetic, int64_t width, const float* weights, int64_t n,
                       const float* panels, float* out) {
  const int64_t depth = kKeysPerBlock / arithmetic.per_float;
  multiply_tiles(arithmetic.tiles,
                 {.a = weights,
                  .a_row_stride = depth,
                  .b = panels,
                  .b_panel_stride = depth * arithmetic.tiles.step_floats,
                  .c = out,
                  .c_row_stride = width,
                  .c_panel_stride = kPanelWidth,
                  .depth = depth,
                  .accumulate = true},
                 n, width / kPanelWidth);
}

// Fetches the block of keys and values that comes next, share by share while one is worked on: of many lines
// asked for at once, the processor drops some.
class FetchAhead {
 public:
  // Nothing where the tile has no such block.
  FetchAhead(const AttentionShape& shape, const float* pool, const QueryTile& tile, int64_t block,
             int64_t shares) {
    if (block > tile.last_block()) return;
    next_ = head_block(shape, pool, tile.span->blocks[block], tile.kv_head).keys;
    end_ = next_ + shape.head_block_size();
    share_ = (shape.head_block_size() / kPanelWidth + shares - 1) / shares * kPanelWidth;
  }
  void fetch_share() {
    for (const float* const end = std::min(next_ + share_, end_); next_ < end; next_ += kPanelWidth)
      fetch(next_);
  }

 private:
  const float* next_ = nullptr;
  const float* end_ = nullptr;
  int64_t share_ = 0;
};

void forward_tile(const AttentionShape& shape, const QueryTile& tile, ConstMatrixView q, const float* pool,
                  MatrixView out, MatrixView log_sums) {
  const Arithmetic arithmetic = forward_arithmetic(shape);
  const SoftmaxKernels& softmax = softmax_kernels();
  const int64_t group = shape.queries_per_kv_head(), count = tile.rows * group, width = shape.head_dim;
  thread_local Buffer<float> memory;
  memory.reserve_discarding(count * (3 * width + 3 * kKeysPerBlock + 1));
  float* gathered = memory.data();
  float* rounded_queries = gathered + count * width;
  float* outputs = rounded_queries + count * width;
  float* scores = outputs + count * width;
  float* rounded_weights = scores + count * kKeysPerBlock;
  float* lane_sums = rounded_weights + count * kKeysPerBlock;
  float* maxima = lane_sums + count * kKeysPerBlock;

  gather_queries(shape, q, tile, score_scale(shape), gathered);
  const float* queries = factor(arithmetic, gathered, count * width, rounded_queries);
  std::fill_n(outputs, count * width, 0.0f);
  std::fill_n(lane_sums, count * kKeysPerBlock, 0.0f);
  std::fill_n(maxima, count, -std::numeric_limits<float>::infinity());

  for (int64_t block = 0; block <= tile.last_block(); ++block) {
    const auto head = head_block(shape, pool, tile.span->blocks[block], tile.kv_head);
    const int64_t first = tile.first_seeing(block) * group, n = count - first;
    FetchAhead ahead(shape, pool, tile, block + 1, n + 2);
    float* const block_scores = scores + first * kKeysPerBlock;
    ahead.fetch_share();
    multiply_by_columns(arithmetic, width, queries + first * width / arithmetic.per_float, n, head.keys,
                        block_scores);
    for (int64_t i = first; i < count; ++i) {
      softmax.attention_step(scores + i * kKeysPerBlock, visible_keys(tile.position(i / group), block),
                             maxima + i, lane_sums + i * kKeysPerBlock, outputs + i * width, width);
      ahead.fetch_share();
    }
    const float* weights = factor(arithmetic, block_scores, n * kKeysPerBlock, rounded_weights);
    ahead.fetch_share();
    add_weighted_rows(arithmetic, width, weights, n, head.values, outputs + first * width);
  }

  for (int64_t i = 0; i < count; ++i) {
    const int64_t row = i / group, h = i % group;
    const float sum = softmax.sum_block(lane_sums + i * kKeysPerBlock);
    softmax.divide(outputs + i * width, sum, width, query(shape, out, tile, row, h));
    log_sums.row(tile.span->first_row + tile.first + row)[tile.kv_head * group + h] =
        maxima[i] + std::log(sum);
  }
}

// Rows [count][width] as the panels of a product whose depth they are, [width / 16][count][16]; count is
// even.
void panels_of_rows(const Arithmetic& arithmetic, const float* rows, int64_t count, int64_t width,
                    float* panels) {
  const int64_t panel_stride = count / arithmetic.per_float * kPanelWidth;
  for (int64_t i = 0; i < count; i += arithmetic.per_float, rows += arithmetic.per_float * width) {
    float* out = panels + i / arithmetic.per_float * kPanelWidth;
    if (arithmetic.is_paired()) {
      bf16_kernels().pair_rows(rows, rows + width, width, panel_stride, out);
      continue;
    }
    for (int64_t k = 0; k < width; k += kPanelWidth, out += panel_stride) {
      std::copy_n(rows + k, kPanelWidth, out);
    }
  }
}

// out [32 keys][d] += weights^T [32][n] times the panels [d / 16][...][16]; n is even. `memory` is for 2 x 32
// n floats.
void add_transposed_product(const Arithmetic& arithmetic, int64_t width, const float* weights, int64_t n,
                            const float* panels, int64_t panel_stride, float* memory, float* out) {
  const int64_t depth = n / arithmetic.per_float;
  float* const tiles = memory + n * kKeysPerBlock;
  if (arithmetic.is_paired()) {
    for (int64_t i = 0; i < n; i += 2) {
      const float* row = weights + i * kKeysPerBlock;
      bf16_kernels().pair_rows(row, row + kKeysPerBlock, kKeysPerBlock, kPanelWidth,
                               memory + i / 2 * kKeysPerBlock);
    }
    weights = memory;
  }
  pack_tiles(arithmetic.tiles, weights, kKeysPerBlock, depth, kKeysPerBlock, tiles);
  multiply_packed_tiles(arithmetic.tiles,
                        {.a = tiles,
                         .b = panels,
                         .b_panel_stride = panel_stride,
                         .c = out,
                         .c_row_stride = width,
                         .c_panel_stride = kPanelWidth,
                         .depth = depth,
                         .accumulate = true},
                        kKeysPerBlock, width / kPanelWidth);
}

// A block's keys in the layout of values, for dq, and its values in that of keys, for the gradient of the
// weights.
HeadBlock<const float> transposed_block(const Arithmetic& arithmetic, int64_t width,
                                        HeadBlock<const float> head, float* memory) {
  const auto transpose = arithmetic.is_paired() ? bf16_kernels().transpose_pairs : square_transpose();
  float* const values_as_keys = memory;
  float* const keys_as_values = memory + kKeysPerBlock * width;
  for (int64_t slot = 0; slot < kKeysPerBlock; slot += kPanelWidth) {
    for (int64_t i = 0; i < width; i += kPanelWidth) {
      const int64_t key = key_offset(width, slot, i) / arithmetic.per_float;
      const int64_t value = value_offset(slot, i) / arithmetic.per_float;
      transpose(head.keys + key, keys_as_values + value);
      transpose(head.values + value, values_as_keys + key);
    }
  }
  return {values_as_keys, keys_as_values};
}

// A block as the arithmetic of the backward pass reads it: as it stands, or bf16 as f32 in `memory`.
HeadBlock<const float> read_block(const AttentionShape& shape, const Arithmetic& arithmetic,
                                  HeadBlock<const float> head, float* memory) {
  if (!shape.bf16 || arithmetic.is_paired()) return head;
  const int64_t floats = kKeysPerBlock * shape.head_dim;
  bf16_kernels().split_pairs(head.keys, floats / (2 * kPanelWidth), memory);
  bf16_kernels().split_pairs(head.values, floats / (2 * kPanelWidth), memory + floats);
  return {memory, memory + floats};
}

// What a tile's queries add to the gradients of the keys and values that they see: two matrices
// [positions, rounded up to blocks][d].
struct ContextGradient {
  float* keys;
  float* values;
};

// The backward pass of a tile.
class BackwardTile {
 public:
  BackwardTile(const AttentionShape& shape, const QueryTile& tile, ContextGradient context)
      : shape_(shape),
        tile_(tile),
        context_(context),
        arithmetic_(backward_arithmetic(shape)),
        queries_(tile.rows * group_),
        count_(padded(queries_)) {
    thread_local Buffer<float> memory;
    memory.reserve_discarding(memory_floats(shape, tile.rows));
    float* next = memory.data();
    const auto take = [&](int64_t floats) { return std::exchange(next, next + floats); };
    for (float** rows : {&q_, &dout_, &q_rounded_, &dout_rounded_, &q_panels_, &dout_panels_, &dq_}) {
      *rows = take(count_ * width_);
    }
    for (float** of_queries : {&deltas_, &log_sums_}) *of_queries = take(count_);
    for (float** of_block : {&widened_, &turned_}) *of_block = take(2 * block_floats_);
    for (float** of_block : {&weights_, &dscores_, &dscores_rounded_}) *of_block = take(kScores);
    product_memory_ = take(2 * kScores);
  }

  // Floats that the tile takes beside its result.
  static int64_t memory_floats(const AttentionShape& shape, int64_t rows) {
    return padded(rows * shape.queries_per_kv_head()) * (7 * shape.head_dim + 2) +
           4 * kKeysPerBlock * shape.head_dim + 5 * kScores;
  }

  void gather(ConstMatrixView q, ConstMatrixView out, ConstMatrixView log_sums, ConstMatrixView dout) {
    gather_queries(shape_, q, tile_, score_scale(shape_), q_);
    // As the forward pass did, from which the sums are.
    if (shape_.bf16) bf16_kernels().round(q_, queries_ * width_, q_);
    gather_queries(shape_, dout, tile_, 1.0f, dout_);
    for (int64_t i = 0; i < queries_; ++i) {
      const int64_t row = i / group_, h = i % group_;
      deltas_[i] = softmax_.dot(query(shape_, out, tile_, row, h), dout_ + i * width_, width_);
      log_sums_[i] = log_sums.row(tile_.span->first_row + tile_.first + row)[tile_.kv_head * group_ + h];
    }
    for (float* rows : {q_, dout_}) std::fill(rows + queries_ * width_, rows + count_ * width_, 0.0f);
    for (float* of_queries : {deltas_, log_sums_})
      std::fill(of_queries + queries_, of_queries + count_, 0.0f);
    panels_of_rows(arithmetic_, q_, count_, width_, q_panels_);
    panels_of_rows(arithmetic_, dout_, count_, width_, dout_panels_);
    q_factor_ = factor(arithmetic_, q_, count_ * width_, q_rounded_);
    dout_factor_ = factor(arithmetic_, dout_, count_ * width_, dout_rounded_);
    std::fill_n(dq_, count_ * width_, 0.0f);
  }

  void add_block(const float* pool, int64_t block) {
    const auto stored = head_block(shape_, pool, tile_.span->blocks[block], tile_.kv_head);
    const auto head = read_block(shape_, arithmetic_, stored, widened_);
    const auto turned = transposed_block(arithmetic_, width_, head, turned_);
    const int64_t first_seeing = tile_.first_seeing(block) * group_;
    for (int64_t first = first_seeing - first_seeing % 2; first < count_; first += kQueriesPerTile) {
      add_queries(block, head, turned, first, std::min(kQueriesPerTile, count_ - first));
    }
  }

  void write_dq(MatrixView dq) const {
    for (int64_t row = 0; row < tile_.rows; ++row) {
      softmax_.multiply(dq_ + row * group_ * width_, score_scale(shape_), group_ * width_,
                        query(shape_, dq, tile_, row, 0));
    }
  }

 private:
  static constexpr int64_t kScores = kQueriesPerTile * kKeysPerBlock;

  // An even number of queries, so that they make pairs; one that is none sees no keys.
  static int64_t padded(int64_t queries) { return queries + queries % 2; }

  // What n queries add to the gradients, their own and those of a block.
  void add_queries(int64_t block, HeadBlock<const float> head, HeadBlock<const float> turned, int64_t first,
                   int64_t n) {
    const int64_t rows = first * width_ / arithmetic_.per_float;
    multiply_by_columns(arithmetic_, width_, q_factor_ + rows, n, head.keys, weights_);
    multiply_by_columns(arithmetic_, width_, dout_factor_ + rows, n, turned.keys, dscores_);
    for (int64_t i = 0; i < n; ++i) {
      const int64_t at = first + i;
      const int64_t visible = at < queries_ ? visible_keys(tile_.position(at / group_), block) : 0;
      float* const scores = weights_ + i * kKeysPerBlock;
      softmax_.attention_backward_row(scores, visible, log_sums_[at], deltas_[at], scores,
                                      dscores_ + i * kKeysPerBlock);
    }
    const float* dscores = factor(arithmetic_, dscores_, n * kKeysPerBlock, dscores_rounded_);
    add_weighted_rows(arithmetic_, width_, dscores, n, turned.values, dq_ + first * width_);
    add_transposed(dscores_, n, q_panels_, first, context_.keys + block * block_floats_);
    add_transposed(weights_, n, dout_panels_, first, context_.values + block * block_floats_);
  }

  void add_transposed(const float* weights, int64_t n, const float* panels, int64_t first, float* out) {
    const int64_t per_float = arithmetic_.per_float;
    add_transposed_product(arithmetic_, width_, weights, n, panels + first / per_float * kPanelWidth,
                           count_ / per_float * kPanelWidth, product_memory_, out);
  }

  const AttentionShape& shape_;
  const QueryTile& tile_;
  const ContextGradient context_;
  const Arithmetic arithmetic_;
  const SoftmaxKernels& softmax_ = softmax_kernels();
  const int64_t group_ = shape_.queries_per_kv_head(), width_ = shape_.head_dim;
  const int64_t block_floats_ = kKeysPerBlock * width_;
  const int64_t queries_, count_;
  float *q_, *dout_, *q_rounded_, *dout_rounded_, *q_panels_, *dout_panels_, *dq_;  // [count][d]
  float *deltas_, *log_sums_;                                                       // [count]
  float *widened_, *turned_;                      // a block, keys and values
  float *weights_, *dscores_, *dscores_rounded_;  // [kQueriesPerTile][32]
  float* product_memory_;
  const float *q_factor_ = nullptr, *dout_factor_ = nullptr;
};

std::vector<QueryTile> cut_for_backward(const AttentionShape& shape, std::span<const AttentionSpan> spans) {
  return cut_into_tiles(shape, spans, [](const AttentionSpan& span) {
    return std::max(kLeastBackwardRows, (span.rows + kBackwardParts - 1) / kBackwardParts);
  });
}

// Where the key (or value) gradients of each tile's context begin, and where those of the last end.
std::vector<int64_t> context_offsets(const AttentionShape& shape, const std::vector<QueryTile>& tiles) {
  std::vector<int64_t> offsets{0};
  for (const QueryTile& tile : tiles) {
    offsets.push_back(offsets.back() + tile.blocks() * kKeysPerBlock * shape.head_dim);
  }
  return offsets;
}

// Adds up what the tiles' queries added to the gradients of one head: dk or dv, of which part(i) is tile i's.
// Own rows first: they open the sums that later tiles go on with, in their order.
template <class Part>
void add_contexts(const AttentionShape& shape, const std::vector<QueryTile>& tiles, int64_t kv_head,
                  const Part& part, MatrixView sums) {
  for (const bool own : {true, false}) {
    for (size_t i = 0; i < tiles.size(); ++i) {
      const QueryTile& tile = tiles[i];
      if (tile.kv_head != kv_head) continue;
      const AttentionSpan& span = *tile.span;
      const int64_t begin = own ? tile.position(0) : 0,
                    end = own ? tile.position(tile.rows) : tile.position(0);
      for (int64_t position = begin; position < end; ++position) {
        const int64_t row = position < span.first_position ? span.prefix_first_row + position
                                                           : span.first_row + position - span.first_position;
        const float* from = part(i) + position * shape.head_dim;
        float* sum = sums.row(row) + kv_head * shape.head_dim;
        for (int64_t k = 0; k < shape.head_dim; ++k) sum[k] = own ? from[k] : sum[k] + from[k];
      }
    }
  }
}

void store_tile(const AttentionShape& shape, const QueryTile& tile, ConstMatrixView keys,
                ConstMatrixView values, float* pool) {
  const auto head_of = [&](ConstMatrixView matrix, int64_t row) {
    return ConstMatrixView(
        matrix.row(tile.span->first_row + tile.first + row) + tile.kv_head * shape.head_dim, tile.rows - row,
        shape.head_dim, matrix.stride);
  };
  for (int64_t row = 0; row < tile.rows;) {
    const int64_t position = tile.position(row);
    const auto head = head_block(shape, pool, tile.span->blocks[position / kKeysPerBlock], tile.kv_head);
    row += store_in_block(shape, head_of(keys, row), head_of(values, row), head, position % kKeysPerBlock);
  }
}

}  // namespace

void store_keys_values(const AttentionShape& shape, std::span<const AttentionSpan> spans,
                       ConstMatrixView keys, ConstMatrixView values, float* pool) {
  const auto tiles = cut_into_tiles(shape, spans, [](const AttentionSpan&) { return kRowsPerStore; });
  for_each_tile(tiles, [&](int64_t i) { store_tile(shape, tiles[i], keys, values, pool); });
}

void attention_forward(const AttentionShape& shape, std::span<const AttentionSpan> spans, ConstMatrixView q,
                       const float* pool, MatrixView out, MatrixView log_sums) {
  DEEPSCALER_CHECK(shape.head_dim % kPanelWidth == 0 && shape.heads % shape.kv_heads == 0);
  const int64_t rows = std::max<int64_t>(1, kQueriesPerTile / shape.queries_per_kv_head());
  const auto tiles = cut_into_tiles(shape, spans, [&](const AttentionSpan&) { return rows; });
  for_each_tile(tiles, [&](int64_t i) { forward_tile(shape, tiles[i], q, pool, out, log_sums); });
}

void attention_backward(const AttentionShape& shape, std::span<const AttentionSpan> spans, ConstMatrixView q,
                        const float* pool, ConstMatrixView out, ConstMatrixView log_sums,
                        ConstMatrixView dout, MatrixView dq, MatrixView dk, MatrixView dv) {
  const auto tiles = cut_for_backward(shape, spans);
  const auto offsets = context_offsets(shape, tiles);
  Buffer<float> key_gradients(offsets.back()), value_gradients(offsets.back());
  for_each_tile(tiles, [&](int64_t i) {
    BackwardTile tile(shape, tiles[i],
                      {key_gradients.data() + offsets[i], value_gradients.data() + offsets[i]});
    tile.gather(q, out, log_sums, dout);
    for (int64_t block = 0; block < tiles[i].blocks(); ++block) tile.add_block(pool, block);
    tile.write_dq(dq);
  });
  parallel_for(2 * shape.kv_heads, [&](int64_t task) {
    const Buffer<float>& gradients = task % 2 == 0 ? key_gradients : value_gradients;
    add_contexts(
        shape, tiles, task / 2, [&](size_t i) { return gradients.data() + offsets[i]; },
        task % 2 == 0 ? dk : dv);
  });
}

int64_t attention_backward_memory(const AttentionShape& shape, int64_t rows) {
  const AttentionSpan whole = {.first_row = 0, .rows = rows, .first_position = 0, .blocks = nullptr};
  const auto tiles = cut_for_backward(shape, {&whole, 1});
  if (tiles.empty()) return 0;
  return 2 * context_offsets(shape, tiles).back() +
         thread_count() * BackwardTile::memory_floats(shape, tiles.front().rows);
}

}  // namespace deepscaler
