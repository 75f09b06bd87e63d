#include "ops/attention/attention_block.h"

#include <algorithm>

#include "ops/attention/attention_q8.h"
#include "ops/matmul/bf16_kernel.h"
#include "ops/matmul/transpose_kernel.h"
#include "tensor/dtype.h"

namespace deepscaler {
namespace {

void put(float x, float& to) { to = x; }
void put(float x, uint16_t& to) { to = f32_to_bf16(x); }

// Two rows of a panel, which one number of bf16 each makes pairs.
void put_two_rows(const float* first, const float* second, float* to) {
  std::copy_n(first, kPanelWidth, to);
  std::copy_n(second, kPanelWidth, to + kPanelWidth);
}
void put_two_rows(const float* first, const float* second, uint16_t* to) {
  bf16_kernels().pair_rows(first, second, kPanelWidth, kPanelWidth, reinterpret_cast<float*>(to));
}

template <class T, class Float>
auto numbers_of(HeadBlock<Float> head) {
  struct Numbers {
    T *keys, *values;
  };
  return Numbers{reinterpret_cast<T*>(head.keys), reinterpret_cast<T*>(head.values)};
}

// One position.
template <class T>
void store_row(const AttentionShape& shape, const float* k, const float* v, HeadBlock<float> head,
               int64_t slot) {
  const auto [keys, values] = numbers_of<T>(head);
  for (int64_t i = 0; i < shape.head_dim; ++i) {
    put(k[i], keys[key_offset<T>(shape.head_dim, slot, i)]);
    put(v[i], values[value_offset<T>(slot, i)]);
  }
}

// Sixteen positions from a slot on that is a multiple of 16: they fill whole rows.
template <class T>
void store_square(const AttentionShape& shape, ConstMatrixView k, ConstMatrixView v, HeadBlock<float> head,
                  int64_t slot) {
  const auto transpose_square = square_transpose();
  const auto [keys, values] = numbers_of<T>(head);
  float rows[kPanelWidth * kPanelWidth], columns[kPanelWidth * kPanelWidth];
  for (int64_t i = 0; i < shape.head_dim; i += kPanelWidth) {
    for (int64_t r = 0; r < kPanelWidth; ++r) std::copy_n(k.row(r) + i, kPanelWidth, rows + r * kPanelWidth);
    transpose_square(rows, columns);
    for (int64_t r = 0; r < kPanelWidth; r += 2) {
      put_two_rows(columns + r * kPanelWidth, columns + (r + 1) * kPanelWidth,
                   keys + key_offset<T>(shape.head_dim, slot, i + r));
      put_two_rows(v.row(r) + i, v.row(r + 1) + i, values + value_offset<T>(slot + r, i));
    }
  }
}

template <class T>
int64_t store(const AttentionShape& shape, ConstMatrixView k, ConstMatrixView v, HeadBlock<float> head,
              int64_t slot) {
  const int64_t count = std::min(k.rows, kKeysPerBlock - slot);
  for (int64_t row = 0; row < count;) {
    if ((slot + row) % kPanelWidth == 0 && count - row >= kPanelWidth) {
      store_square<T>(shape, k.middle_rows(row, kPanelWidth), v.middle_rows(row, kPanelWidth), head,
                      slot + row);
      row += kPanelWidth;
    } else {
      store_row<T>(shape, k.row(row), v.row(row), head, slot + row);
      ++row;
    }
  }
  return count;
}

template <class T>
void copy_positions(const AttentionShape& shape, HeadBlock<const float> from, int64_t positions,
                    HeadBlock<float> to) {
  const auto source = numbers_of<const T>(from);
  const auto target = numbers_of<T>(to);
  for (int64_t slot = 0; slot < positions; ++slot) {
    for (int64_t i = 0; i < shape.head_dim; ++i) {
      const int64_t key = key_offset<T>(shape.head_dim, slot, i), value = value_offset<T>(slot, i);
      target.keys[key] = source.keys[key];
      target.values[value] = source.values[value];
    }
  }
}

}  // namespace

int64_t store_in_block(const AttentionShape& shape, ConstMatrixView keys, ConstMatrixView values,
                       HeadBlock<float> head, int64_t slot) {
  if (shape.store == KvStore::kQ8_0) return store_in_q8_block(shape, keys, values, head, slot);
  return (shape.store == KvStore::kBf16 ? store<uint16_t> : store<float>)(shape, keys, values, head, slot);
}

void copy_block_positions(const AttentionShape& shape, int64_t kv_head, const float* from, int64_t positions,
                          float* to) {
  const auto copy = shape.store == KvStore::kQ8_0   ? copy_q8_positions
                    : shape.store == KvStore::kBf16 ? copy_positions<uint16_t>
                                                    : copy_positions<float>;
  copy(shape, head_block(shape, from, 0, kv_head), positions, head_block(shape, to, 0, kv_head));
}

}  // namespace deepscaler
