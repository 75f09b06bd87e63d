#include "ops/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"
#include "base/parallel.h"
#include "ops/softmax_kernel.h"
#include "ops/tile_kernel.h"
#include "ops/transpose_kernel.h"
#include "tensor/dtype.h"

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

// Where one block keeps the keys and values of one head: keys as [2 panels][d][16 keys], values as
// [d / 16 panels][32 keys][16]. T is float, or uint16_t for the bits of a bf16; const to read.
template <class T>
struct HeadBlock {
  T* keys;
  T* values;
};

template <class T, class Pool>
HeadBlock<T> head_block(const AttentionShape& shape, Pool* pool, int64_t block, int64_t kv_head) {
  T* const of_block = reinterpret_cast<T*>(pool + block * shape.block_size());
  T* const keys = of_block + kv_head * 2 * kKeysPerBlock * shape.head_dim;
  return {keys, keys + kKeysPerBlock * shape.head_dim};
}

// Numbers of a head's keys and values in a block.
int64_t head_block_size(const AttentionShape& shape) { return 2 * kKeysPerBlock * shape.head_dim; }

// The block as floats: those of the pool, or made from bf16 in `memory` [head_block_size()].
HeadBlock<const float> read_block(const AttentionShape& shape, const float* pool, int64_t block,
                                  int64_t kv_head, float* memory) {
  if (!shape.bf16_keys_values) return head_block<const float>(shape, pool, block, kv_head);
  const auto bits = head_block<const uint16_t>(shape, pool, block, kv_head);
  softmax_kernels().widen(bits.keys, head_block_size(shape), memory);
  return {memory, memory + kKeysPerBlock * shape.head_dim};
}

void put(float x, float& to) { to = x; }
void put(float x, uint16_t& to) { to = f32_to_bf16(x); }
// The same for n of them, a multiple of 16.
void put(const float* x, int64_t n, float* to) { std::copy_n(x, n, to); }
void put(const float* x, int64_t n, uint16_t* to) { softmax_kernels().narrow(x, n, to); }

// Panels of a block, of keys or values, and the tiles that read them.
struct BlockPanels {
  const TileKernels& kernels;
  const float* data;
  const float* after = nullptr;  // where they stand in the block to come, if there is one
};

// A block as it stands, in either type: a step of decoding has too few queries to pay for widening it first.
struct BlockInPlace {
  BlockPanels keys;
  BlockPanels values;
};

BlockInPlace block_in_place(const AttentionShape& shape, const float* pool, int64_t block, int64_t kv_head) {
  if (shape.bf16_keys_values) {
    const auto bits = head_block<const uint16_t>(shape, pool, block, kv_head);
    const auto panels = [](const uint16_t* data) {
      return BlockPanels{bf16_panel_tile_kernels(), reinterpret_cast<const float*>(data)};
    };
    return {panels(bits.keys), panels(bits.values)};
  }
  const auto head = head_block<const float>(shape, pool, block, kv_head);
  return {{tile_kernels(), head.keys}, {tile_kernels(), head.values}};
}

// blocks[0], to be followed by blocks[1] unless it is the last.
BlockInPlace block_in_place(const AttentionShape& shape, const float* pool, const int32_t* blocks,
                            bool is_last, int64_t kv_head) {
  BlockInPlace block = block_in_place(shape, pool, blocks[0], kv_head);
  if (is_last) return block;
  const BlockInPlace next = block_in_place(shape, pool, blocks[1], kv_head);
  block.keys.after = next.keys.data;
  block.values.after = next.values.data;
  return block;
}

int64_t key_offset(int64_t head_dim, int64_t slot, int64_t i) {
  return (slot / kPanelWidth * head_dim + i) * kPanelWidth + slot % kPanelWidth;
}
int64_t value_offset(int64_t slot, int64_t i) {
  return (i / kPanelWidth * kKeysPerBlock + slot) * kPanelWidth + i % kPanelWidth;
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

// The rows [count][d] as panels [d / 16][count][16].
void panels_of_rows(const float* rows, int64_t count, int64_t width, float* panels) {
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t k = 0; k < width; k += kPanelWidth) {
      std::copy_n(rows + i * width + k, kPanelWidth, panels + k * count + i * kPanelWidth);
    }
  }
}

float score_scale(const AttentionShape& shape) {
  return 1.0f / std::sqrt(static_cast<float>(shape.head_dim));
}

// out [n][32] = queries [n][d] times the transposed panels [2][d][16].
void multiply_by_columns(const AttentionShape& shape, const float* queries, int64_t n, BlockPanels panels,
                         float* out) {
  multiply_tiles(panels.kernels,
                 {.a = queries,
                  .a_row_stride = shape.head_dim,
                  .b = panels.data,
                  .b_panel_stride = shape.head_dim * panels.kernels.step_floats,
                  .c = out,
                  .c_row_stride = kKeysPerBlock,
                  .c_panel_stride = kPanelWidth,
                  .depth = shape.head_dim,
                  .accumulate = false,
                  .b_after = panels.after},
                 n, kKeysPerBlock / kPanelWidth);
}

// out [n][d] += weights [n][32] times the panels [d / 16][32][16].
void add_weighted_rows(const AttentionShape& shape, const float* weights, int64_t n, BlockPanels panels,
                       float* out) {
  multiply_tiles(panels.kernels,
                 {.a = weights,
                  .a_row_stride = kKeysPerBlock,
                  .b = panels.data,
                  .b_panel_stride = kKeysPerBlock * panels.kernels.step_floats,
                  .c = out,
                  .c_row_stride = shape.head_dim,
                  .c_panel_stride = kPanelWidth,
                  .depth = kKeysPerBlock,
                  .accumulate = true,
                  .b_after = panels.after},
                 n, shape.head_dim / kPanelWidth);
}

// out [32 keys][d] += weights^T [32][n] times the panels [d / 16][...][16]. `tiles` is memory for n x 32
// floats.
void add_transposed_product(const TileKernels& kernels, const AttentionShape& shape, const float* weights,
                            int64_t n, const float* panels, int64_t panel_stride, float* tiles, float* out) {
  pack_tiles(kernels, weights, kKeysPerBlock, n, kKeysPerBlock, tiles);
  multiply_packed_tiles(kernels,
                        {.a = tiles,
                         .b = panels,
                         .b_panel_stride = panel_stride,
                         .c = out,
                         .c_row_stride = shape.head_dim,
                         .c_panel_stride = kPanelWidth,
                         .depth = n,
                         .accumulate = true},
                        kKeysPerBlock, shape.head_dim / kPanelWidth);
}

void forward_tile(const AttentionShape& shape, const QueryTile& tile, ConstMatrixView q, const float* pool,
                  MatrixView out, MatrixView log_sums) {
  const SoftmaxKernels& softmax = softmax_kernels();
  const int64_t group = shape.queries_per_kv_head(), count = tile.rows * group, width = shape.head_dim;
  thread_local Buffer<float> memory;
  memory.reserve_discarding(count * (2 * width + 2 * kKeysPerBlock + 1));
  float* queries = memory.data();
  float* outputs = queries + count * width;
  float* scores = outputs + count * width;
  float* lane_sums = scores + count * kKeysPerBlock;
  float* maxima = lane_sums + count * kKeysPerBlock;

  gather_queries(shape, q, tile, score_scale(shape), queries);
  std::fill_n(outputs, count * width, 0.0f);
  std::fill_n(lane_sums, count * kKeysPerBlock, 0.0f);
  std::fill_n(maxima, count, -std::numeric_limits<float>::infinity());

  for (int64_t block = 0; block <= tile.last_block(); ++block) {
    const BlockInPlace head =
        block_in_place(shape, pool, tile.span->blocks + block, block == tile.last_block(), tile.kv_head);
    const int64_t first = tile.first_seeing(block) * group;
    multiply_by_columns(shape, queries + first * width, count - first, head.keys,
                        scores + first * kKeysPerBlock);
    for (int64_t i = first; i < count; ++i) {
      softmax.attention_step(scores + i * kKeysPerBlock, visible_keys(tile.position(i / group), block),
                             maxima + i, lane_sums + i * kKeysPerBlock, outputs + i * width, width);
    }
    add_weighted_rows(shape, scores + first * kKeysPerBlock, count - first, head.values,
                      outputs + first * width);
  }

  for (int64_t i = 0; i < count; ++i) {
    const int64_t row = i / group, h = i % group;
    const float sum = softmax.sum_block(lane_sums + i * kKeysPerBlock);
    softmax.divide(outputs + i * width, sum, width, query(shape, out, tile, row, h));
    log_sums.row(tile.span->first_row + tile.first + row)[tile.kv_head * group + h] =
        maxima[i] + std::log(sum);
  }
}

// What a tile's queries add to the gradients of the keys and values that they see: two matrices
// [positions, rounded up to blocks][d].
struct ContextGradient {
  float* keys;
  float* values;
};

void backward_tile(const AttentionShape& shape, const QueryTile& tile, ConstMatrixView q, const float* pool,
                   ConstMatrixView out, ConstMatrixView log_sums, ConstMatrixView dout, MatrixView dq,
                   ContextGradient context) {
  const TileKernels& tiles = tile_kernels();
  const auto panels = [&](const float* data) { return BlockPanels{tiles, data}; };
  const SoftmaxKernels& softmax = softmax_kernels();
  const auto transpose_square = square_transpose();
  const int64_t group = shape.queries_per_kv_head(), width = shape.head_dim;
  const int64_t count = tile.rows * group, block_floats = kKeysPerBlock * width;

  thread_local Buffer<float> memory;
  memory.reserve_discarding(count * (5 * width + 1) + 2 * head_block_size(shape) +
                            3 * kQueriesPerTile * kKeysPerBlock);
  float* widened = memory.data();
  float* queries = widened + head_block_size(shape);
  float* douts = queries + count * width;
  float* dqueries = douts + count * width;
  float* query_panels = dqueries + count * width;
  float* dout_panels = query_panels + count * width;
  float* deltas = dout_panels + count * width;
  float* key_rows = deltas + count;                // keys in the layout of values, for dq
  float* value_columns = key_rows + block_floats;  // values in the layout of keys, for dprobabilities
  float* probabilities = value_columns + block_floats;
  float* dscores = probabilities + kQueriesPerTile * kKeysPerBlock;
  float* weight_tiles = dscores + kQueriesPerTile * kKeysPerBlock;

  gather_queries(shape, q, tile, score_scale(shape), queries);
  gather_queries(shape, dout, tile, 1.0f, douts);
  panels_of_rows(queries, count, width, query_panels);
  panels_of_rows(douts, count, width, dout_panels);
  std::fill_n(dqueries, count * width, 0.0f);
  for (int64_t i = 0; i < count; ++i) {
    deltas[i] = softmax.dot(query(shape, out, tile, i / group, i % group), douts + i * width, width);
  }

  for (int64_t block = 0; block <= tile.last_block(); ++block) {
    const auto head = read_block(shape, pool, tile.span->blocks[block], tile.kv_head, widened);
    for (int64_t slot = 0; slot < kKeysPerBlock; slot += kPanelWidth) {
      for (int64_t i = 0; i < width; i += kPanelWidth) {
        transpose_square(head.keys + key_offset(width, slot, i), key_rows + value_offset(slot, i));
        transpose_square(head.values + value_offset(slot, i), value_columns + key_offset(width, slot, i));
      }
    }
    for (int64_t first = tile.first_seeing(block) * group; first < count; first += kQueriesPerTile) {
      const int64_t n = std::min(kQueriesPerTile, count - first);
      multiply_by_columns(shape, queries + first * width, n, panels(head.keys), probabilities);
      multiply_by_columns(shape, douts + first * width, n, panels(value_columns), dscores);
      for (int64_t i = 0; i < n; ++i) {
        const int64_t row = (first + i) / group, h = (first + i) % group;
        float* scores = probabilities + i * kKeysPerBlock;
        softmax.attention_backward_row(
            scores, visible_keys(tile.position(row), block),
            log_sums.row(tile.span->first_row + tile.first + row)[tile.kv_head * group + h],
            deltas[first + i], scores, dscores + i * kKeysPerBlock);
      }
      add_weighted_rows(shape, dscores, n, panels(key_rows), dqueries + first * width);
      add_transposed_product(tiles, shape, dscores, n, query_panels + first * kPanelWidth,
                             count * kPanelWidth, weight_tiles, context.keys + block * block_floats);
      add_transposed_product(tiles, shape, probabilities, n, dout_panels + first * kPanelWidth,
                             count * kPanelWidth, weight_tiles, context.values + block * block_floats);
    }
  }

  for (int64_t row = 0; row < tile.rows; ++row) {
    softmax.multiply(dqueries + row * group * width, score_scale(shape), group * width,
                     query(shape, dq, tile, row, 0));
  }
}

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

// One position.
template <class T>
void store_row(const AttentionShape& shape, const float* k, const float* v, HeadBlock<T> head, int64_t slot) {
  for (int64_t i = 0; i < shape.head_dim; ++i) put(k[i], head.keys[key_offset(shape.head_dim, slot, i)]);
  for (int64_t i = 0; i < shape.head_dim; i += kPanelWidth) {
    put(v + i, kPanelWidth, head.values + value_offset(slot, i));
  }
}

// Sixteen positions, rows of k and v, from a slot on that is a multiple of 16: their keys fill whole lines.
template <class T>
void store_square(const AttentionShape& shape, ConstMatrixView k, ConstMatrixView v, HeadBlock<T> head,
                  int64_t slot) {
  const auto transpose_square = square_transpose();
  float rows[kPanelWidth * kPanelWidth], columns[kPanelWidth * kPanelWidth];
  for (int64_t i = 0; i < shape.head_dim; i += kPanelWidth) {
    for (int64_t r = 0; r < kPanelWidth; ++r) std::copy_n(k.row(r) + i, kPanelWidth, rows + r * kPanelWidth);
    transpose_square(rows, columns);
    put(columns, kPanelWidth * kPanelWidth, head.keys + key_offset(shape.head_dim, slot, i));
    for (int64_t r = 0; r < kPanelWidth; ++r) {
      put(v.row(r) + i, kPanelWidth, head.values + value_offset(slot + r, i));
    }
  }
}

template <class T>
void store_tile(const AttentionShape& shape, const QueryTile& tile, ConstMatrixView keys,
                ConstMatrixView values, float* pool) {
  const auto head_of = [&](ConstMatrixView matrix, int64_t row) {
    return ConstMatrixView(
        matrix.row(tile.span->first_row + tile.first + row) + tile.kv_head * shape.head_dim, tile.rows - row,
        shape.head_dim, matrix.stride);
  };
  for (int64_t row = 0, stored = 0; row < tile.rows; row += stored) {
    const int64_t position = tile.position(row), slot = position % kKeysPerBlock;
    const auto head = head_block<T>(shape, pool, tile.span->blocks[position / kKeysPerBlock], tile.kv_head);
    const ConstMatrixView k = head_of(keys, row), v = head_of(values, row);
    if (slot % kPanelWidth == 0 && k.rows >= kPanelWidth) {
      store_square(shape, k, v, head, slot);
      stored = kPanelWidth;
    } else {
      store_row(shape, k.data, v.data, head, slot);
      stored = 1;
    }
  }
}

template <class T>
void copy_positions(const AttentionShape& shape, int64_t kv_head, const float* from, int64_t positions,
                    float* to) {
  const auto source = head_block<const T>(shape, from, 0, kv_head);
  const auto target = head_block<T>(shape, to, 0, kv_head);
  for (int64_t slot = 0; slot < positions; ++slot) {
    for (int64_t i = 0; i < shape.head_dim; ++i) {
      target.keys[key_offset(shape.head_dim, slot, i)] = source.keys[key_offset(shape.head_dim, slot, i)];
      target.values[value_offset(slot, i)] = source.values[value_offset(slot, i)];
    }
  }
}

}  // namespace

void store_keys_values(const AttentionShape& shape, std::span<const AttentionSpan> spans,
                       ConstMatrixView keys, ConstMatrixView values, float* pool) {
  const auto store = shape.bf16_keys_values ? store_tile<uint16_t> : store_tile<float>;
  const auto tiles = cut_into_tiles(shape, spans, [](const AttentionSpan&) { return kRowsPerStore; });
  for_each_tile(tiles, [&](int64_t i) { store(shape, tiles[i], keys, values, pool); });
}

void copy_block_positions(const AttentionShape& shape, int64_t kv_head, const float* from, int64_t positions,
                          float* to) {
  const auto copy = shape.bf16_keys_values ? copy_positions<uint16_t> : copy_positions<float>;
  copy(shape, kv_head, from, positions, to);
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
    backward_tile(shape, tiles[i], q, pool, out, log_sums, dout, dq,
                  {key_gradients.data() + offsets[i], value_gradients.data() + offsets[i]});
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
  return 2 * context_offsets(shape, cut_for_backward(shape, {&whole, 1})).back();
}

}  // namespace deepscaler
