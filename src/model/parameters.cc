#include "model/parameters.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <iterator>
#include <numeric>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/integer.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "ops/panels.h"

namespace deepscaler {

using Layout = ParameterInfo::Layout;

ParameterTable::ParameterTable(const ModelConfig& c, const Trains& trains, const InBlocks& in_blocks) {
  const bool head_is_embedding = c.tied_embeddings && !c.scalar_head();
  const Layout embedding_layout = head_is_embedding ? Layout::kPanels : Layout::kRows;
  embedding_ = add("model.embed_tokens.weight", c.vocabulary, c.hidden, embedding_layout);
  for (int64_t i = 0; i < c.layers; ++i) {
    const std::string prefix = fmt::format("model.layers.{}.", i);
    const auto matrix = [&](const char* name, int64_t out, int64_t in) {
      return add(prefix + name + ".weight", out, in, Layout::kPanels);
    };
    const auto vector = [&](const char* name, int64_t size) {
      return add(prefix + name, 1, size, Layout::kVector);
    };
    LayerParameters layer{};
    layer.attention_norm = vector("input_layernorm.weight", c.hidden);
    layer.q = matrix("self_attn.q_proj", c.query_width(), c.hidden);
    layer.k = matrix("self_attn.k_proj", c.kv_width(), c.hidden);
    layer.v = matrix("self_attn.v_proj", c.kv_width(), c.hidden);
    if (c.attention_bias) {
      layer.q_bias = vector("self_attn.q_proj.bias", c.query_width());
      layer.k_bias = vector("self_attn.k_proj.bias", c.kv_width());
      layer.v_bias = vector("self_attn.v_proj.bias", c.kv_width());
    }
    if (c.head_norms()) {
      layer.q_norm = vector("self_attn.q_norm.weight", c.attention.head_dim);
      layer.k_norm = vector("self_attn.k_norm.weight", c.attention.head_dim);
    }
    layer.o = matrix("self_attn.o_proj", c.hidden, c.query_width());
    layer.mlp_norm = vector("post_attention_layernorm.weight", c.hidden);
    layer.gate = matrix("mlp.gate_proj", c.feed_forward, c.hidden);
    layer.up = matrix("mlp.up_proj", c.feed_forward, c.hidden);
    layer.down = matrix("mlp.down_proj", c.hidden, c.feed_forward);
    layers_.push_back(layer);
  }
  final_norm_ = add("model.norm.weight", 1, c.hidden, Layout::kVector);
  if (c.scalar_head())
    scalar_head_ = add("score.weight", 1, c.hidden, Layout::kPanels);
  else
    lm_head_ =
        head_is_embedding ? embedding_ : add("lm_head.weight", c.vocabulary, c.hidden, Layout::kPanels);
  place(trains, in_blocks);
}

ParameterTable::ParameterTable(const ParameterTable& base, const std::vector<ParameterInfo>& added)
    : all_(base.all_),
      layers_(base.layers_),
      embedding_(base.embedding_),
      final_norm_(base.final_norm_),
      lm_head_(base.lm_head_),
      scalar_head_(base.scalar_head_) {
  for (ParameterInfo& p : all_) {
    p.in_base = true;
    p.size = 0;
  }
  for (const ParameterInfo& p : added) add(p.name, p.rows, p.cols, Layout::kPanels);
  place({}, [](const ParameterInfo& p) { return p.in_blocks; });
}

int ParameterTable::add(std::string name, int64_t rows, int64_t cols, Layout layout) {
  const int64_t size = layout == Layout::kPanels ? panel_size(rows, cols) : rows * cols;
  all_.push_back({.name = std::move(name), .rows = rows, .cols = cols, .layout = layout, .size = size});
  return static_cast<int>(all_.size()) - 1;
}

void ParameterTable::place(const Trains& trains, const InBlocks& in_blocks) {
  for (ParameterInfo& p : all_) {
    p.in_blocks = in_blocks && in_blocks(p);
    if (p.in_blocks) p.size = 0;
    p.trainable = p.in_array() && (!trains || trains(p.name));
  }
  for (const bool trainable : {true, false}) {
    for (ParameterInfo& p : all_) {
      if (p.trainable != trainable) continue;
      p.offset = size_;
      size_ += round_up(p.size, kPanelWidth);  // every parameter starts a cache line
    }
    if (trainable) trainable_size_ = size_;
  }
  std::ranges::copy_if(all_, std::back_inserter(trainable_), &ParameterInfo::trainable);
}

int64_t ParameterTable::count() const {
  int64_t count = 0;
  for (const ParameterInfo& p : all_) count += p.rows * p.cols;
  return count;
}

PlacedRow row_of(const ParameterInfo& info, int64_t row) {
  if (info.layout != Layout::kPanels) return {info.offset + row * info.cols, 1};
  return {info.offset + panel_offset(info.cols, row, 0), kPanelWidth};
}

void write_parameter(const ParameterInfo& info, ConstMatrixView rows, float* values) {
  DEEPSCALER_CHECK(rows.rows == info.rows && rows.cols == info.cols && info.in_array());
  if (info.layout == Layout::kPanels) return pack_panels(rows, {values + info.offset, info.rows, info.cols});
  for (int64_t r = 0; r < info.rows; ++r) {
    std::copy_n(rows.row(r), info.cols, values + info.offset + r * info.cols);
  }
}

void read_parameter(const ParameterInfo& info, const float* values, MatrixView rows) {
  DEEPSCALER_CHECK(rows.rows == info.rows && rows.cols == info.cols && info.in_array());
  if (info.layout == Layout::kPanels)
    return unpack_panels({values + info.offset, info.rows, info.cols}, rows);
  for (int64_t r = 0; r < info.rows; ++r) {
    std::copy_n(values + info.offset + r * info.cols, info.cols, rows.row(r));
  }
}

namespace {

// FNV-1a over 32-bit words.
constexpr uint64_t kPrime = 0x100000001b3;

uint64_t hash_words(const float* words, int64_t count, uint64_t hash) {
  for (int64_t i = 0; i < count; ++i) hash = (hash ^ std::bit_cast<uint32_t>(words[i])) * kPrime;
  return hash;
}

// A hash in the making, and the words that it still has to take in.
struct HashChain {
  const float* words;
  int64_t count;
  uint64_t hash;
};

// Every product of a chain waits for the one before. With several chains the processor works on as many at a
// time.
constexpr size_t kChains = 8;

template <size_t... kIndex>
void advance(std::span<HashChain> chains, int64_t count, std::index_sequence<kIndex...>) {
  const float* words[] = {chains[kIndex].words...};
  uint64_t hashes[] = {chains[kIndex].hash...};
  for (int64_t i = 0; i < count; ++i) {
    ((hashes[kIndex] = (hashes[kIndex] ^ std::bit_cast<uint32_t>(words[kIndex][i])) * kPrime), ...);
  }
  ((chains[kIndex] = {words[kIndex] + count, chains[kIndex].count - count, hashes[kIndex]}), ...);
}

// Takes in `count` words of each of these chains.
void advance_all(std::span<HashChain> chains, int64_t count) {
  [&]<size_t... kNumber>(std::index_sequence<kNumber...>) {
    ((chains.size() == kNumber + 1 ? advance(chains, count, std::make_index_sequence<kNumber + 1>())
                                   : void()),
     ...);
  }
  (std::make_index_sequence<kChains>());
}

// Finishes chains of which each has no fewer words than the next one.
void finish(std::span<HashChain> chains) {
  for (std::span<HashChain> open = chains; !open.empty(); open = open.first(open.size() - 1)) {
    advance_all(open, open.back().count);
  }
}

// The hash of the floats, a row or a panel of rows at a time.
uint64_t hash_blocks(const ParameterInfo& info, const ReadParameterRow& read_row, uint64_t hash) {
  const int64_t together = info.layout == Layout::kPanels ? kPanelWidth : 1;
  Matrix rows(together, info.cols);
  std::vector<float> panel(static_cast<size_t>(together * info.cols));
  for (int64_t first = 0; first < info.rows; first += together) {
    for (int64_t r = 0; r < together; ++r) {
      const std::span row(rows.row(r), static_cast<size_t>(info.cols));
      if (first + r < info.rows)
        read_row(info, first + r, row);
      else
        std::ranges::fill(row, 0.0f);
    }
    for (int64_t i = 0; i < info.cols; ++i) {
      for (int64_t r = 0; r < together; ++r) panel[static_cast<size_t>(i * together + r)] = rows.row(r)[i];
    }
    hash = hash_words(panel.data(), std::ssize(panel), hash);
  }
  return hash;
}

}  // namespace

uint64_t hash_parameters(std::span<const ParameterInfo> parameters, const float* values, uint64_t seed,
                         const ReadParameterRow& read_row) {
  // A hash for each parameter, so that they are computed side by side: the largest first, neighbours in size
  // together.
  std::vector<uint64_t> parts(parameters.size());
  std::vector<size_t> order(parameters.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::ranges::greater(), [&](size_t i) { return parameters[i].size; });
  parallel_for(ceil_div<int64_t>(std::ssize(order), kChains), [&](int64_t group) {
    const auto first = static_cast<size_t>(group) * kChains;
    const auto members = std::span(order).subspan(first, std::min(kChains, order.size() - first));
    std::vector<HashChain> chains;
    std::vector<size_t> owners;
    for (const size_t i : members) {
      const ParameterInfo& p = parameters[i];
      const uint64_t name = hash_name(p.name);
      if (p.in_array()) {
        chains.push_back({values + p.offset, p.size, name});
        owners.push_back(i);
      } else {
        parts[i] = hash_blocks(p, read_row, name);
      }
    }
    finish(chains);
    for (size_t c = 0; c < chains.size(); ++c) parts[owners[c]] = chains[c].hash;
  });
  for (uint64_t part : parts) seed = (seed ^ part) * kPrime;
  return seed;
}

}  // namespace deepscaler
