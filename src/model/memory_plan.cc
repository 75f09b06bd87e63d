#include "model/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "base/integer.h"
#include "model/config.h"
#include "model/kv_cache.h"
#include "model/parameters.h"
#include "tensor/buffer.h"

namespace deepscaler {
namespace {

constexpr int64_t kFloat = sizeof(float);

using Widths = std::vector<int64_t>;  // of matrices, in floats a row

// The matrices of LayerActivations; the first is the input.
Widths activation_widths(const ModelConfig& c) {
  Widths widths = {c.hidden, c.query_width(), c.query_width(), c.attention.heads,
                   c.hidden, c.feed_forward,  c.feed_forward};
  if (c.head_norms()) widths.insert(widths.end(), {c.query_width(), c.kv_width()});
  return widths;
}

// What is there once: LayerScratch, the hidden state.
Widths scratch_widths(const ModelConfig& c) {
  return {c.hidden, c.hidden, c.kv_width(), c.kv_width(), c.feed_forward};
}

// Gradients of one layer's intermediate results, and of the hidden state.
Widths backward_widths(const ModelConfig& c) {
  Widths widths = {c.hidden, c.hidden, c.query_width(), c.query_width(), c.kv_width(), c.kv_width()};
  if (c.head_norms()) widths.push_back(c.query_width());
  return widths;
}

// Each matrix by itself: large ones take whole huge pages.
int64_t matrices_bytes(const Widths& widths, int64_t rows) {
  return std::accumulate(widths.begin(), widths.end(), int64_t{0},
                         [&](int64_t sum, int64_t width) { return sum + held_bytes(rows * width * kFloat); });
}

// A quarter more blocks than full ones would be: sequences end inside one.
int64_t training_blocks(int64_t rows) { return ceil_div(rows, kKeysPerBlock) * 5 / 4 + 1; }

AttentionShape attention_of(const ModelConfig& c, const WeightCopies& copies) {
  return attention_shape(c, copies.bf16 ? KvStore::kBf16 : KvStore::kF32);
}

int64_t kv_bytes(const ModelConfig& c, const WeightCopies& copies, int64_t blocks) {
  return blocks * KvCache::block_bytes(attention_of(c, copies), c.layers);
}

int64_t head_bytes(const ModelConfig& c, int64_t head_rows, int64_t copies_of_hidden) {
  return head_rows * (c.vocabulary + copies_of_hidden * c.hidden) * kFloat;
}

using Base = std::optional<AdaptedBase>;

// Bytes of what is trained.
int64_t trained_bytes(const ModelConfig& c, const Base& base) {
  const ParameterTable table(c);
  return (base ? adapted_table(table, base->lora) : table).trainable_size() * kFloat;
}

void add_weights(const ModelConfig& c, const WeightCopies& copies, const Base& base,
                 std::vector<MemoryPart>& parts) {
  const int64_t angles = c.context * c.attention.head_dim;
  const int64_t floats = base ? base->floats : ParameterTable(c).size();
  const int64_t weights = (floats + angles) * kFloat + (base ? base->block_bytes : 0);
  const int64_t rounded = copies.bf16 ? floats * kFloat / 2 : 0;
  parts.push_back({"weights", MemoryPhase::kAlways, weights, "use a smaller model"});
  if (copies.bf16)
    parts.push_back({"weights in bf16", MemoryPhase::kAlways, rounded, "set model.dtype = \"f32\""});
  if (base) parts.push_back({"adapter", MemoryPhase::kAlways, trained_bytes(c, base), "lower lora.rank"});
  for (const std::string& name : copies.others) {
    if (base)
      parts.push_back({name + " adapter", MemoryPhase::kAlways, trained_bytes(c, base), "lower lora.rank"});
    else
      parts.push_back({name + " model", MemoryPhase::kAlways, weights + rounded, "use a smaller model"});
  }
}

// Factors as bf16: the gradients of gate and up, which are computed together, or those of the LM head.
int64_t rounded_factor_bytes(const ModelConfig& c, int64_t rows) {
  return std::max(kHeadRows * c.vocabulary, rows * 2 * c.feed_forward) / 2 * kFloat;
}

void add_training(const ModelConfig& c, const WeightCopies& copies, const TrainingShape& t, const Base& base,
                  std::vector<MemoryPart>& parts) {
  const char* remedy = base ? "lower lora.rank" : "use a smaller model";
  parts.push_back({"gradients", MemoryPhase::kAlways, trained_bytes(c, base), remedy});
  if (t.optimizer_bytes > 0) parts.push_back({"optimizer", MemoryPhase::kAlways, t.optimizer_bytes, remedy});
  const bool all = t.keep == Activations::Keep::kAllLayers;
  const int64_t layer = matrices_bytes(activation_widths(c), t.rows);
  const int64_t kept = all ? c.layers * layer : (c.layers - 1) * matrices_bytes({c.hidden}, t.rows) + layer;
  parts.push_back({"activations", MemoryPhase::kTraining, kept + matrices_bytes(scratch_widths(c), t.rows),
                   all ? "set recompute = \"layer\" or lower token_budget" : "lower token_budget"});
  parts.push_back({"backward pass", MemoryPhase::kTraining,
                   matrices_bytes(backward_widths(c), t.rows) +
                       attention_backward_memory(attention_of(c, copies), t.rows) * kFloat,
                   "lower token_budget"});
  parts.push_back({"LM head", MemoryPhase::kTraining, head_bytes(c, kHeadRows, 4),
                   "use a model with a smaller vocabulary"});
  if (copies.bf16) {
    parts.push_back({"factors in bf16", MemoryPhase::kTraining, rounded_factor_bytes(c, t.rows),
                     "set model.dtype = \"f32\""});
  }
  parts.push_back({"keys and values, training", MemoryPhase::kTraining,
                   kv_bytes(c, copies, training_blocks(t.rows)), "lower token_budget"});
}

void add_generation(const ModelConfig& c, const WeightCopies& copies, const GenerationShape& g,
                    std::vector<MemoryPart>& parts) {
  parts.push_back({"keys and values, generation", MemoryPhase::kGeneration, kv_bytes(c, copies, g.kv_blocks),
                   "lower model.kv_memory_mib"});
  parts.push_back({"generation", MemoryPhase::kGeneration,
                   matrices_bytes(activation_widths(c), g.rows) + matrices_bytes(scratch_widths(c), g.rows) +
                       head_bytes(c, g.head_rows, 2),
                   "use a smaller model"});
}

}  // namespace

int64_t MemoryPlan::bytes_of(MemoryPhase phase) const {
  return std::accumulate(parts.begin(), parts.end(), int64_t{0}, [&](int64_t sum, const MemoryPart& part) {
    return sum + (part.phase == phase ? part.bytes : 0);
  });
}

MemoryPhase MemoryPlan::larger_phase() const {
  return bytes_of(MemoryPhase::kGeneration) > bytes_of(MemoryPhase::kTraining) ? MemoryPhase::kGeneration
                                                                               : MemoryPhase::kTraining;
}

int64_t MemoryPlan::total() const { return bytes_of(MemoryPhase::kAlways) + bytes_of(larger_phase()); }

const MemoryPart& MemoryPlan::largest() const {
  return *std::ranges::max_element(parts, {}, [phase = larger_phase()](const MemoryPart& part) {
    return part.phase == MemoryPhase::kAlways || part.phase == phase ? part.bytes : 0;
  });
}

MemoryPlan plan_memory(const ModelConfig& config, const WeightCopies& copies, const TrainingShape& training,
                       const GenerationShape& generation, const Base& base) {
  MemoryPlan plan;
  add_weights(config, copies, base, plan.parts);
  if (training.rows > 0) add_training(config, copies, training, base, plan.parts);
  if (generation.kv_blocks > 0) add_generation(config, copies, generation, plan.parts);
  return plan;
}

}  // namespace deepscaler
