#include "ops/attention/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/integer.h"
#include "ops/attention/attention_kernel.h"
#include "ops/attention/attention_products.h"
#include "ops/attention/attention_q8.h"
#include "ops/attention/attention_tiles.h"
#include "ops/fetch.h"

namespace deepscaler {
namespace {

// Rows whose keys and values a task stores.
constexpr int64_t kRowsPerStore = 16;

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
    share_ = ceil_div(shape.head_block_size() / kPanelWidth, shares) * kPanelWidth;
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
  const AttentionArithmetic arithmetic = forward_arithmetic(shape);
  const AttentionKernels& softmax = attention_kernels();
  const int64_t group = shape.queries_per_kv_head(), count = tile.rows * group, width = shape.head_dim;
  const bool q8 = shape.store == KvStore::kQ8_0;
  thread_local Buffer<float> memory, widened;
  memory.reserve_discarding(count * (3 * width + 3 * kKeysPerBlock + 1));
  if (q8) widened.reserve_discarding(2 * kKeysPerBlock * width);
  float* gathered = memory.data();
  float* rounded_queries = gathered + count * width;
  float* outputs = rounded_queries + count * width;
  float* scores = outputs + count * width;
  float* rounded_weights = scores + count * kKeysPerBlock;
  float* lane_sums = rounded_weights + count * kKeysPerBlock;
  float* maxima = lane_sums + count * kKeysPerBlock;

  gather_queries(shape, q, tile, score_scale(shape), gathered);
  if (q8) rotate_heads(gathered, count, width);
  const float* queries = arithmetic.factor(gathered, count * width, rounded_queries);
  std::fill_n(outputs, count * width, 0.0f);
  std::fill_n(lane_sums, count * kKeysPerBlock, 0.0f);
  std::fill_n(maxima, count, -std::numeric_limits<float>::infinity());

  for (int64_t block = 0; block <= tile.last_block(); ++block) {
    const auto stored = head_block(shape, pool, tile.span->blocks[block], tile.kv_head);
    const auto head = q8 ? widened_q8_block(shape, stored, widened.data()) : stored;
    const int64_t first = tile.first_seeing(block) * group, n = count - first;
    FetchAhead ahead(shape, pool, tile, block + 1, n + 2);
    float* const block_scores = scores + first * kKeysPerBlock;
    ahead.fetch_share();
    multiply_by_columns(arithmetic, width, queries + first * width / arithmetic.per_float, n, head.keys,
                        block_scores);
    for (int64_t i = first; i < count; ++i) {
      softmax.softmax_step(scores + i * kKeysPerBlock, visible_keys(tile.position(i / group), block),
                           maxima + i, lane_sums + i * kKeysPerBlock, outputs + i * width, width);
      ahead.fetch_share();
    }
    const float* weights = arithmetic.factor(block_scores, n * kKeysPerBlock, rounded_weights);
    ahead.fetch_share();
    add_weighted_rows(arithmetic, width, weights, n, head.values, outputs + first * width);
  }

  for (int64_t i = 0; i < count; ++i) {
    const int64_t row = i / group, h = i % group;
    const float sum = softmax.sum_block(lane_sums + i * kKeysPerBlock);
    if (q8) rotate_heads(outputs + i * width, 1, width);
    softmax.divide(outputs + i * width, sum, width, query(shape, out, tile, row, h));
    log_sums.row(tile.span->first_row + tile.first + row)[tile.kv_head * group + h] =
        maxima[i] + std::log(sum);
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
  DEEPSCALER_CHECK(shape.store != KvStore::kQ8_0 || shape.head_dim % kQ8Run == 0);
  const int64_t rows = std::max<int64_t>(1, kQueriesPerTile / shape.queries_per_kv_head());
  const auto tiles = cut_into_tiles(shape, spans, [&](const AttentionSpan&) { return rows; });
  for_each_tile(tiles, [&](int64_t i) { forward_tile(shape, tiles[i], q, pool, out, log_sums); });
}

}  // namespace deepscaler
