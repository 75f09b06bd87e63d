// How both passes of attention are cut into tasks: tiles of queries, which walk the blocks of their sequence.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "ops/attention/attention.h"
#include "ops/attention/attention_kernel.h"

namespace deepscaler {

// Queries that pass a block of keys together. 48 x 64 floats of q and of the output are 24 KiB, which stay in
// the nearest caches while the blocks stream by.
inline constexpr int64_t kQueriesPerTile = 48;

// The number of keys of `block` that the query at `position` may see, from none to all.
inline int64_t visible_keys(int64_t position, int64_t block) {
  return std::clamp<int64_t>(position - block * kKeysPerBlock + 1, 0, kKeysPerBlock);
}

// A task: the rows [first, first + rows) of a span, for one key/value head.
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

// Cuts all spans and heads into tiles of at most rows_of(span) rows.
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

// Calls body(i) for the tiles in parallel. A later tile of a span sees more keys, so the last tiles begin
// first.
template <class Body>
void for_each_tile(const std::vector<QueryTile>& tiles, const Body& body) {
  const int64_t count = std::ssize(tiles);
  parallel_for(count, [&](int64_t task) { body(count - 1 - task); });
}

// The query head h of the tile's group in one of its rows, in a [T, H * d] matrix.
template <class View>
auto* query(const AttentionShape& shape, const View& matrix, const QueryTile& tile, int64_t row, int64_t h) {
  return matrix.row(tile.span->first_row + tile.first + row) +
         (tile.kv_head * shape.queries_per_kv_head() + h) * shape.head_dim;
}

// Copies the tile's queries to [rows * group][d], times `scale`.
inline void gather_queries(const AttentionShape& shape, ConstMatrixView matrix, const QueryTile& tile,
                           float scale, float* out) {
  // The heads of a group stand side by side.
  const int64_t width = shape.queries_per_kv_head() * shape.head_dim;
  for (int64_t row = 0; row < tile.rows; ++row, out += width) {
    attention_kernels().multiply(query(shape, matrix, tile, row, 0), scale, width, out);
  }
}

inline float score_scale(const AttentionShape& shape) {
  return 1.0f / std::sqrt(static_cast<float>(shape.head_dim));
}

}  // namespace deepscaler
