// How much memory a model's training and generation take, part by part, known before it is taken: the
// sizes of the buffers of model/, train/ and infer/ as functions of the config.
//
// All of it is f32 but for the rounded copy of the weights. What the plan leaves out is small: code,
// tokenizer, data, threads' scratch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/forward.h"

namespace deepscaler {

// Rows of logits in memory at a time: 256 x 49152 floats are 48 MiB; fewer rows would read and write the
// LM head's gradient (as large as the embedding) too often.
inline constexpr int64_t kHeadRows = 256;

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

// Copies of the weights beside those that are trained.
struct WeightCopies {
  bool bf16 = false;       // to compute in; the reference model then has one too
  bool reference = false;  // for a KL term
};

// A training step over at most `rows` rows at a time.
struct TrainingShape {
  int64_t rows = 0;
  Activations::Keep keep = Activations::Keep::kAllLayers;
  bool optimizer = true;  // with its two moments
};

// Generation; no blocks: none.
struct GenerationShape {
  int64_t kv_blocks = 0;
  int64_t rows = 0;       // of a pass
  int64_t head_rows = 0;  // rows of logits at a time
};

[[nodiscard]] MemoryPlan plan_memory(const ModelConfig& config, const WeightCopies& copies,
                                     const TrainingShape& training, const GenerationShape& generation);

}  // namespace deepscaler
