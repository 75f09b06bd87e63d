#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/integer.h"
#include "base/parallel.h"
#include "ops/attention/attention.h"
#include "ops/attention/attention_kernel.h"
#include "ops/attention/attention_products.h"
#include "ops/attention/attention_tiles.h"
#include "ops/matmul/bf16_kernel.h"
#include "tensor/buffer.h"

namespace deepscaler {
namespace {

// The backward pass cuts a long span into at most so many parts, of at least so many rows: each adds up
// gradients of all the keys that it sees, which takes memory.
constexpr int64_t kBackwardParts = 8;
constexpr int64_t kLeastBackwardRows = 256;

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

  void gather(const AttentionActivations& activations, ConstMatrixView dout) {
    gather_queries(shape_, activations.q, tile_, score_scale(shape_), q_);
    // As the forward pass did, from which the sums are. A pair is rounded as it is made.
    if (shape_.store == KvStore::kBf16 && !arithmetic_.is_paired())
      bf16_kernels().round(q_, queries_ * width_, q_);
    gather_queries(shape_, dout, tile_, 1.0f, dout_);
    for (int64_t i = 0; i < queries_; ++i) {
      const int64_t row = i / group_, h = i % group_;
      deltas_[i] = softmax_.dot(query(shape_, activations.out, tile_, row, h), dout_ + i * width_, width_);
      const float* log_sums = activations.log_sums.row(tile_.span->first_row + tile_.first + row);
      log_sums_[i] = log_sums[tile_.kv_head * group_ + h];
    }
    for (float* rows : {q_, dout_}) std::fill(rows + queries_ * width_, rows + count_ * width_, 0.0f);
    for (float* of_queries : {deltas_, log_sums_})
      std::fill(of_queries + queries_, of_queries + count_, 0.0f);
    panels_of_rows(arithmetic_, q_, count_, width_, q_panels_);
    panels_of_rows(arithmetic_, dout_, count_, width_, dout_panels_);
    q_factor_ = arithmetic_.factor(q_, count_ * width_, q_rounded_);
    dout_factor_ = arithmetic_.factor(dout_, count_ * width_, dout_rounded_);
    std::fill_n(dq_, count_ * width_, 0.0f);
  }

  void add_block(const float* pool, int64_t block) {
    const auto stored = head_block(shape_, pool, tile_.span->blocks[block], tile_.kv_head);
    const auto head = backward_block(shape_, arithmetic_, stored, widened_);
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
      softmax_.softmax_backward(scores, visible, log_sums_[at], deltas_[at], scores,
                                dscores_ + i * kKeysPerBlock);
    }
    const float* dscores = arithmetic_.factor(dscores_, n * kKeysPerBlock, dscores_rounded_);
    add_weighted_rows(arithmetic_, width_, dscores, n, turned.values, dq_ + first * width_);
    add_transposed(dscores_, n, q_panels_, first, context_.keys + block * block_floats_);
    add_transposed(weights_, n, dout_panels_, first, context_.values + block * block_floats_);
  }

  void add_transposed(const float* weights, int64_t n, const float* panels, int64_t first, float* out) {
    const int64_t per_float = arithmetic_.per_float;
    const QueryPanels queries = {panels + first / per_float * kPanelWidth, count_ / per_float * kPanelWidth};
    add_transposed_product(arithmetic_, width_, weights, n, queries, product_memory_, out);
  }

  const AttentionShape& shape_;
  const QueryTile& tile_;
  const ContextGradient context_;
  const AttentionArithmetic arithmetic_;
  const AttentionKernels& softmax_ = attention_kernels();
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
    return std::max(kLeastBackwardRows, ceil_div(span.rows, kBackwardParts));
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

}  // namespace

void attention_backward(const AttentionShape& shape, std::span<const AttentionSpan> spans,
                        const AttentionActivations& activations, ConstMatrixView dout,
                        const AttentionGradients& gradients) {
  DEEPSCALER_CHECK(shape.store != KvStore::kQ8_0);
  const auto tiles = cut_for_backward(shape, spans);
  const auto offsets = context_offsets(shape, tiles);
  Buffer<float> key_gradients(offsets.back()), value_gradients(offsets.back());
  for_each_tile(tiles, [&](int64_t i) {
    BackwardTile tile(shape, tiles[i],
                      {key_gradients.data() + offsets[i], value_gradients.data() + offsets[i]});
    tile.gather(activations, dout);
    for (int64_t block = 0; block < tiles[i].blocks(); ++block) tile.add_block(activations.pool, block);
    tile.write_dq(gradients.q);
  });
  parallel_for(2 * shape.kv_heads, [&](int64_t task) {
    const bool keys = task % 2 == 0;
    const Buffer<float>& parts = keys ? key_gradients : value_gradients;
    add_contexts(
        shape, tiles, task / 2, [&](size_t i) { return parts.data() + offsets[i]; },
        keys ? gradients.k : gradients.v);
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
