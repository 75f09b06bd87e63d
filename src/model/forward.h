// The forward pass of the transformer, one code for prefill, decoding, scoring and training.
//
// A layer adds to the residual stream x [T, D] twice:
//   x += attention(norm(x))
//   x += feed_forward(norm(x))
//
// T rows, D hidden, F feed-forward; other letters as in ops/attention/attention.h. Everything is f32. Two
// things may be narrower: matrices of another kind (model/weights.h), and keys and values (AttentionShape).
//
// Products run on all threads (base/parallel.h): one of these functions at a time. They check shapes by
// CHECK, and neither token numbers nor positions.
#pragma once

#include <cstdint>
#include <vector>

#include "model/kv_cache.h"
#include "model/model.h"
#include "model/segments.h"
#include "tensor/matrix.h"

namespace deepscaler {

// What the backward pass of a layer needs. Norms, gates and attention scores are computed again from
// these instead of being kept.
struct LayerActivations {
  Matrix input;       // [T, D]
  Matrix q;           // [T, H d], rotated
  Matrix q_unnormed;  // [T, H d], where the model normalizes heads
  Matrix k_unnormed;  // [T, K d], likewise
  Matrix attention;   // [T, H d]
  Matrix log_sums;    // [T, H]
  Matrix middle;      // [T, D], between attention and feed-forward
  Matrix gate, up;    // [T, F]
};

// Scratch of a layer, reused by all.
struct LayerScratch {
  Matrix normed, k, v, feed_forward;
};

// Activations of the layers. Unless all are kept, the layers share one set.
class Activations {
 public:
  enum class Keep {
    kNothing,    // no backward pass will follow
    kInputs,     // each layer's input: the backward pass computes the rest again
    kAllLayers,  // everything
  };
  Activations(const ModelConfig& config, Keep keep)
      : keep_(keep),
        layers_(keep == Keep::kAllLayers ? static_cast<size_t>(config.layers) : 1),
        inputs_(keep == Keep::kInputs ? static_cast<size_t>(config.layers) : 0) {}

  [[nodiscard]] Keep keep() const { return keep_; }

  // Those of layer i. Where layers share a set, the set holds what was last computed, and `input` is that of
  // layer i where inputs are kept. The next call may change what the reference shows.
  [[nodiscard]] LayerActivations& layer(int64_t i);

  LayerScratch scratch;
  // [T, D], the residual stream: in the end the output of the last layer, before the final norm.
  Matrix hidden;

 private:
  Keep keep_;
  std::vector<LayerActivations> layers_;
  std::vector<Matrix> inputs_;  // of all layers but present_, whose input is in layers_[0]
  int64_t present_ = 0;
};

// Runs the layers over the batch; keys and values go into the cache's blocks. The result is
// activations.hidden. Token numbers must be within the vocabulary, positions within the context.
void forward(const Model& model, const ForwardBatch& batch, KvCache& cache, Activations& activations);

// Fills in activations.layer(index) from its input, which must be kept, bit for bit as forward() did over the
// same batch and cache (whose blocks of that layer are written again, with the same numbers).
// activations.hidden is lost.
void recompute_layer(const Model& model, const ForwardBatch& batch, KvCache& cache, int64_t index,
                     Activations& activations);

// normed [rows.size(), D] = the final norm of some rows of hidden; what the LM head reads. `gathered`
// [rows.size(), D] is these rows, which final_norm_rows_backward() needs.
void final_norm_rows(const Model& model, ConstMatrixView hidden, std::span<const int64_t> rows,
                     Matrix& gathered, Matrix& normed);

}  // namespace deepscaler
