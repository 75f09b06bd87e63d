// Attention against a twin in double precision: values, and gradients by the twin's central differences.
#include "ops/attention/attention.h"
#include "base/integer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "ops/attention/attention_q8.h"
#include "ops/kernel_target_test.h"
#include "tensor/dtype.h"

namespace deepscaler {
namespace {

// A prompt of some tokens, and responses of others that share it.
struct Case {
  AttentionShape shape;
  int64_t prompt;
  std::vector<int64_t> responses;
};

// The rows of a case, one sequence after the other, with their blocks.
struct Batch {
  explicit Batch(const Case& c) : shape(c.shape) {
    int32_t blocks = 0;
    const auto blocks_for = [](int64_t positions) { return ceil_div(positions, kKeysPerBlock); };
    const auto add = [&](int64_t count, int64_t first, std::vector<int32_t> table) {
      while (std::ssize(table) < blocks_for(first + count)) table.push_back(blocks++);
      tables.push_back(std::move(table));
      spans.push_back({rows, count, first, nullptr, 0});
      rows += count;
    };
    add(c.prompt, 0, {});
    for (int64_t count : c.responses) {
      const std::vector<int32_t> whole(tables[0].begin(), tables[0].begin() + c.prompt / kKeysPerBlock);
      add(count, c.prompt, whole);
      if (c.prompt % kKeysPerBlock != 0) copies.push_back({tables[0].back(), tables.back()[whole.size()]});
    }
    for (size_t i = 0; i < spans.size(); ++i) spans[i].blocks = tables[i].data();
    partial = c.prompt % kKeysPerBlock;
    // What no sequence has written may be any finite number.
    pool.assign(static_cast<size_t>(blocks * shape.block_size()), 1e6f);
  }

  void store(const Matrix& k, const Matrix& v) {
    store_keys_values(shape, spans, k.view(), v.view(), pool.data());
    for (const auto& [from, to] : copies) {
      for (int64_t h = 0; h < shape.kv_heads; ++h) {
        copy_block_positions(shape, h, pool.data() + from * shape.block_size(), partial,
                             pool.data() + to * shape.block_size());
      }
    }
  }

  // The rows that row r of a span attends to.
  [[nodiscard]] static std::vector<int64_t> keys_of(const AttentionSpan& span, int64_t r) {
    std::vector<int64_t> keys;
    for (int64_t i = 0; i < span.first_position; ++i) keys.push_back(span.prefix_first_row + i);
    for (int64_t i = 0; i <= r; ++i) keys.push_back(span.first_row + i);
    return keys;
  }

  AttentionShape shape;
  int64_t rows = 0, partial = 0;
  std::vector<AttentionSpan> spans;
  std::vector<std::vector<int32_t>> tables;
  std::vector<std::pair<int32_t, int32_t>> copies;
  std::vector<float> pool;
};

// softmax(q k / sqrt(d)) v and the logs of the sums, plainly.
struct Twin {
  Twin(const Batch& batch, const Doubles& q, const Doubles& k, const Doubles& v) {
    const AttentionShape& s = batch.shape;
    const int64_t d = s.head_dim, wide = s.heads * d, narrow = s.kv_heads * d;
    out.resize(static_cast<size_t>(batch.rows * wide));
    log_sums.resize(static_cast<size_t>(batch.rows * s.heads));
    for (const AttentionSpan& span : batch.spans) {
      for (int64_t r = 0; r < span.rows; ++r) {
        const int64_t row = span.first_row + r;
        const auto keys = Batch::keys_of(span, r);
        for (int64_t h = 0; h < s.heads; ++h) {
          const double* query = q.data() + row * wide + h * d;
          const int64_t at = h / s.queries_per_kv_head() * d;
          Doubles weights;
          double sum = 0;
          for (int64_t key : keys) {
            double score = 0;
            for (int64_t i = 0; i < d; ++i) score += query[i] * k[key * narrow + at + i];
            weights.push_back(std::exp(score / std::sqrt(static_cast<double>(d))));
            sum += weights.back();
          }
          log_sums[row * s.heads + h] = std::log(sum);
          for (size_t j = 0; j < keys.size(); ++j) {
            for (int64_t i = 0; i < d; ++i) {
              out[row * wide + h * d + i] += weights[j] / sum * v[keys[j] * narrow + at + i];
            }
          }
        }
      }
    }
  }
  Doubles out, log_sums;
};

// In the last a block is first seen by an odd number of queries.
const std::vector<Case> kCases = {{{1, 1, 16}, 1, {}},       {{3, 1, 16}, 5, {1, 4}},
                                  {{4, 2, 32}, 33, {2, 31}}, {{2, 2, 48}, 32, {1}},
                                  {{9, 3, 64}, 70, {}},      {{3, 1, 16}, 31, {40, 1, 33}}};

class AttentionTest : public KernelTargetTest {};

DEEPSCALER_ON_ALL_KERNEL_TARGETS(AttentionTest);

struct Results {
  Matrix out, log_sums, dq, dk, dv;
};

Results compute(Batch& batch, const Matrix& q, const Matrix& k, const Matrix& v, const Matrix& dout) {
  const int64_t wide = q.cols(), narrow = k.cols();
  Results r{Matrix(batch.rows, wide), Matrix(batch.rows, batch.shape.heads), Matrix(batch.rows, wide),
            Matrix(batch.rows, narrow), Matrix(batch.rows, narrow)};
  batch.store(k, v);
  attention_forward(batch.shape, batch.spans, q.view(), batch.pool.data(), r.out.view(), r.log_sums.view());
  attention_backward(
      batch.shape, batch.spans,
      {.q = q.view(), .pool = batch.pool.data(), .out = r.out.view(), .log_sums = r.log_sums.view()},
      dout.view(), {.q = r.dq.view(), .k = r.dk.view(), .v = r.dv.view()});
  return r;
}

bool same(const Matrix& a, const Matrix& b) {
  return std::memcmp(a.data(), b.data(), static_cast<size_t>(a.size()) * sizeof(float)) == 0;
}

TEST_P(AttentionTest, ValuesAreThoseOfTheTwin) {
  for (const Case& c : kCases) {
    Batch batch(c);
    const int64_t wide = c.shape.heads * c.shape.head_dim, narrow = c.shape.kv_heads * c.shape.head_dim;
    const Matrix q = random_matrix(batch.rows, wide, 1), k = random_matrix(batch.rows, narrow, 2),
                 v = random_matrix(batch.rows, narrow, 3);
    const Results r = compute(batch, q, k, v, random_matrix(batch.rows, wide, 4));
    const Twin twin(batch, doubles(q), doubles(k), doubles(v));
    // Values are a few units, and each is a convex combination of them.
    for (int64_t i = 0; i < r.out.size(); ++i) ASSERT_NEAR(r.out.data()[i], twin.out[i], 4e-6) << i;
    for (int64_t i = 0; i < r.log_sums.size(); ++i) {
      ASSERT_NEAR(r.log_sums.data()[i], twin.log_sums[i], 4e-6) << i;
    }
  }
}

// The backward pass cuts these spans into parts.
const Case kLong = {{1, 1, 16}, 300, {290}};

TEST_P(AttentionTest, GradientsAreTheTwinsDifferences) {
  for (const Case& c : {kCases[0], kCases[1], kCases[5], kLong}) {
    Batch batch(c);
    const int64_t wide = c.shape.heads * c.shape.head_dim, narrow = c.shape.kv_heads * c.shape.head_dim;
    const Matrix q = random_matrix(batch.rows, wide, 1), k = random_matrix(batch.rows, narrow, 2),
                 v = random_matrix(batch.rows, narrow, 3), dout = random_matrix(batch.rows, wide, 4);
    const Results r = compute(batch, q, k, v, dout);
    Doubles inputs[] = {doubles(q), doubles(k), doubles(v)};
    const Matrix* gradients[] = {&r.dq, &r.dk, &r.dv};
    const auto value = [&] {
      const Twin twin(batch, inputs[0], inputs[1], inputs[2]);
      double sum = 0;
      for (size_t i = 0; i < twin.out.size(); ++i) sum += twin.out[i] * dout.data()[i];
      return sum;
    };
    constexpr double kStep = 1e-5;
    for (int which = 0; which < 3; ++which) {
      // Every 13th number: all rows and heads come up. Of the long case ten, from all parts.
      const size_t step = std::max<size_t>(13, inputs[which].size() / 10 | 1);
      for (size_t i = 0; i < inputs[which].size(); i += step) {
        const double before = inputs[which][i];
        inputs[which][i] = before + kStep;
        const double above = value();
        inputs[which][i] = before - kStep;
        const double below = value();
        inputs[which][i] = before;
        ASSERT_NEAR(gradients[which]->data()[i], (above - below) / (2 * kStep), 5e-5) << which << " " << i;
      }
    }
  }
}

// A case and what goes in.
struct Inputs {
  explicit Inputs(const Case& c, KvStore store) : shape(c.shape), batch(with_store(c, store)) {
    const int64_t wide = shape.heads * shape.head_dim, narrow = shape.kv_heads * shape.head_dim;
    q = random_matrix(batch.rows, wide, 1);
    k = random_matrix(batch.rows, narrow, 2);
    v = random_matrix(batch.rows, narrow, 3);
    dout = random_matrix(batch.rows, wide, 4);
  }
  static Case with_store(Case c, KvStore store) {
    c.shape.store = store;
    return c;
  }
  Results results() { return compute(batch, q, k, v, dout); }

  AttentionShape shape;
  Batch batch;
  Matrix q, k, v, dout;
};

TEST_P(AttentionTest, BitsDoNotDependOnThreadsOrOnWhatIsBesideARow) {
  for (const KvStore store : {KvStore::kF32, KvStore::kBf16}) {
    for (const Case& c : {kCases[5], kLong}) {
      Inputs inputs(c, store);
      set_thread_count(1);
      const Results one = inputs.results();
      set_thread_count(3);
      const Results three = inputs.results();
      EXPECT_TRUE(same(one.out, three.out) && same(one.log_sums, three.log_sums));
      EXPECT_TRUE(same(one.dq, three.dq) && same(one.dk, three.dk) && same(one.dv, three.dv));
      // One query at a time, as in decoding.
      const Batch& batch = inputs.batch;
      for (const AttentionSpan& span : batch.spans) {
        for (int64_t r = 0; r < span.rows; ++r) {
          const AttentionSpan alone = {0, 1, span.first_position + r, span.blocks, 0};
          Matrix out(1, inputs.q.cols()), log_sums(1, c.shape.heads);
          attention_forward(batch.shape, {&alone, 1}, inputs.q.view().middle_rows(span.first_row + r, 1),
                            batch.pool.data(), out.view(), log_sums.view());
          ASSERT_EQ(std::memcmp(out.data(), one.out.row(span.first_row + r), sizeof(float) * out.cols()), 0);
        }
      }
    }
  }
}

// ||a - b|| / ||b||.
double distance(const Matrix& a, const Matrix& b) {
  double difference = 0, norm = 0;
  for (int64_t i = 0; i < a.size(); ++i) {
    difference += std::pow(static_cast<double>(a.data()[i]) - b.data()[i], 2);
    norm += std::pow(b.data()[i], 2);
  }
  return std::sqrt(difference / norm);
}

// A bf16 is off by up to 2^-9 of itself, 0.002.
TEST_P(AttentionTest, InBf16NumbersAreThoseOfF32UpToRounding) {
  for (const Case& c : {kCases[1], kCases[2], kCases[3], kCases[4], kCases[5], kLong}) {
    Inputs f32(c, KvStore::kF32), bf16(c, KvStore::kBf16);
    EXPECT_EQ(2 * bf16.batch.shape.block_size(), f32.batch.shape.block_size());
    const Results expected = f32.results(), r = bf16.results();
    EXPECT_FALSE(same(r.out, expected.out));
    EXPECT_LT(distance(r.out, expected.out), 5e-3);
    EXPECT_LT(distance(r.log_sums, expected.log_sums), 2e-3);
    EXPECT_LT(distance(r.dq, expected.dq), 1e-2);
    EXPECT_LT(distance(r.dk, expected.dk), 1e-2);
    EXPECT_LT(distance(r.dv, expected.dv), 1e-2);
  }
}

// To the nearest, ties to even, in both passes and where a block is copied: what is rounded already is the
// same.
TEST_P(AttentionTest, InBf16KeysAndValuesAreRoundedAsTheyAreStored) {
  const auto rounded = [](const Matrix& x) {
    Matrix y(x.rows(), x.cols());
    for (int64_t i = 0; i < x.size(); ++i) y.data()[i] = bf16_to_f32(f32_to_bf16(x.data()[i]));
    return y;
  };
  for (const Case& c : kCases) {
    Inputs inputs(c, KvStore::kBf16);
    const Results expected = inputs.results();
    inputs.k = rounded(inputs.k);
    inputs.v = rounded(inputs.v);
    const Results r = inputs.results();
    EXPECT_TRUE(same(r.out, expected.out) && same(r.log_sums, expected.log_sums));
    EXPECT_TRUE(same(r.dq, expected.dq) && same(r.dk, expected.dk) && same(r.dv, expected.dv));
  }
}

// Not of "baseline", which has no fused multiply-add.
TEST(AttentionBitsTest, InBf16TheForwardPassHasTheSameBitsOnEveryTarget) {
  for (const Case& c : kCases) {
    Inputs inputs(c, KvStore::kBf16);
    const Results expected = inputs.results();
    for (const std::string& target : available_kernel_targets()) {
      if (target == "baseline") continue;
      force_kernel_target(target);
      const Results r = inputs.results();
      EXPECT_TRUE(same(r.out, expected.out) && same(r.log_sums, expected.log_sums)) << target;
    }
    force_kernel_target("auto");
  }
}

// Cases whose heads can be stored in eight bits, a head that is no power of two among them.
const std::vector<Case> kQ8Cases = {
    {{4, 2, 32}, 33, {2, 31}}, {{9, 3, 64}, 70, {}}, {{2, 2, 96}, 31, {40, 1}}};

struct ForwardResults {
  Matrix out, log_sums;
};

ForwardResults forward(Inputs& inputs) {
  inputs.batch.store(inputs.k, inputs.v);
  ForwardResults r{Matrix(inputs.batch.rows, inputs.q.cols()), Matrix(inputs.batch.rows, inputs.shape.heads)};
  attention_forward(inputs.batch.shape, inputs.batch.spans, inputs.q.view(), inputs.batch.pool.data(),
                    r.out.view(), r.log_sums.view());
  return r;
}

// A level is off by half of 1/127 of the largest of its 32 numbers, about 0.3 % of the root of their squares.
TEST_P(AttentionTest, InQ8NumbersAreThoseOfF32UpToRounding) {
  for (const Case& c : kQ8Cases) {
    Inputs f32(c, KvStore::kF32), q8(c, KvStore::kQ8_0);
    EXPECT_EQ(q8.batch.shape.block_size() * 64, f32.batch.shape.block_size() * 17);
    const ForwardResults expected = forward(f32), r = forward(q8);
    EXPECT_FALSE(same(r.out, expected.out));
    EXPECT_LT(distance(r.out, expected.out), 1e-2);
    EXPECT_LT(distance(r.log_sums, expected.log_sums), 5e-3);
  }
}

// Without the rotation such a key would leave its neighbours eight levels.
TEST_P(AttentionTest, InQ8OneLargeChannelCostsTheOthersLittle) {
  Case c = kQ8Cases[1];
  Inputs f32(c, KvStore::kF32), q8(c, KvStore::kQ8_0);
  for (Inputs* inputs : {&f32, &q8}) {
    // The same in every key: it moves all scores of a query alike, and no softmax.
    for (int64_t r = 0; r < inputs->k.rows(); ++r) inputs->k.row(r)[5] = 64;
  }
  EXPECT_LT(distance(forward(q8).out, forward(f32).out), 5e-2);
}

TEST_P(AttentionTest, InQ8BitsDoNotDependOnWhatIsBesideARow) {
  for (const Case& c : kQ8Cases) {
    Inputs inputs(c, KvStore::kQ8_0);
    const Batch& batch = inputs.batch;
    set_thread_count(1);
    const ForwardResults one = forward(inputs);
    set_thread_count(3);
    const ForwardResults three = forward(inputs);
    EXPECT_TRUE(same(one.out, three.out) && same(one.log_sums, three.log_sums));
    // Stored and read one position at a time, as in decoding.
    const AttentionSpan& span = batch.spans[0];
    std::vector<float> pool(batch.pool.size());
    for (int64_t r = 0; r < span.rows; ++r) {
      const AttentionSpan alone = {0, 1, r, span.blocks, 0};
      Matrix out(1, inputs.q.cols()), log_sums(1, c.shape.heads);
      store_keys_values(batch.shape, {&alone, 1}, inputs.k.view().middle_rows(r, 1),
                        inputs.v.view().middle_rows(r, 1), pool.data());
      attention_forward(batch.shape, {&alone, 1}, inputs.q.view().middle_rows(r, 1), pool.data(), out.view(),
                        log_sums.view());
      ASSERT_EQ(std::memcmp(out.data(), one.out.row(r), sizeof(float) * static_cast<size_t>(out.cols())), 0);
    }
  }
}

TEST(AttentionBitsTest, InQ8TheForwardPassHasTheSameBitsOnEveryTarget) {
  for (const Case& c : kQ8Cases) {
    Inputs inputs(c, KvStore::kQ8_0);
    const ForwardResults expected = forward(inputs);
    for (const std::string& target : available_kernel_targets()) {
      if (target == "baseline") continue;
      force_kernel_target(target);
      const ForwardResults r = forward(inputs);
      EXPECT_TRUE(same(r.out, expected.out) && same(r.log_sums, expected.log_sums)) << target;
    }
    force_kernel_target("auto");
  }
}

TEST(AttentionQ8, ARotationIsItsOwnInverse) {
  const Matrix x = random_matrix(3, 96, 1);
  Matrix y = random_matrix(3, 96, 1);
  rotate_heads(y.data(), 3, 96);
  EXPECT_GT(distance(y, x), 0.5);
  double before = 0, after = 0;
  for (int64_t i = 0; i < 32; ++i) {
    before += std::pow(x.row(1)[i], 2);
    after += std::pow(y.row(1)[i], 2);
  }
  EXPECT_NEAR(after, before, 1e-5 * before);
  rotate_heads(y.data(), 3, 96);
  EXPECT_LT(distance(y, x), 1e-6);
}

}  // namespace
}  // namespace deepscaler
