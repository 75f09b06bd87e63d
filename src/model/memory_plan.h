// How much memory a model's training and generation take, part by part, known before it is taken: the
// sizes of the buffers of model/, train/ and infer/ as functions of the config.
//
// All of it is f32 but for the rounded copy of the weights and, in a narrower type, keys and values. What the
// plan leaves out is small: code, tokenizer, data, threads' scratch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/forward.h"
#include "model/lora.h"
#include "model/pass.h"

namespace deepscaler {

// When a part is taken: training and generation take turns, and each gives back what it took.
enum class MemoryPhase { kAlways, kTraining, kGeneration };

struct MemoryPart {
  std::string name;
  MemoryPhase phase;
  int64_t bytes = 0;
  std::string remedy;  // what makes it smaller
};

struct MemoryPlan {
  std::vector<MemoryPart> parts;

  // What is taken at a time, at most.
  [[nodiscard]] int64_t total() const;
  // The largest part of what is taken then.
  [[nodiscard]] const MemoryPart& largest() const;

 private:
  [[nodiscard]] int64_t bytes_of(MemoryPhase phase) const;
  [[nodiscard]] MemoryPhase larger_phase() const;
};

// A base under an adapter (model/lora.h), which alone is trained.
struct AdaptedBase {
  LoraConfig lora;
  int64_t floats = 0;       // of the base that are values
  int64_t block_bytes = 0;  // of what is quantized
};

// Copies of the weights beside those that are trained.
struct WeightCopies {
  bool bf16 = false;                // to compute in; other models then have one too
  std::vector<std::string> others;  // names of whole models of the same shapes, or over the same base
};

// A training step over at most `rows` rows at a time.
struct TrainingShape {
  int64_t rows = 0;
  Activations::Keep keep = Activations::Keep::kAllLayers;
  int64_t optimizer_bytes = 0;
};

// Generation; no blocks: none.
struct GenerationShape {
  int64_t kv_blocks = 0;
  int64_t rows = 0;       // of a pass
  int64_t head_rows = 0;  // rows of logits at a time
};

// `base`: where an adapter is trained.
[[nodiscard]] MemoryPlan plan_memory(const ModelConfig& config, const WeightCopies& copies,
                                     const TrainingShape& training, const GenerationShape& generation,
                                     const std::optional<AdaptedBase>& base = {});

}  // namespace deepscaler
