// The backward pass of the layers and the embedding; that of the heads is in model/cpu_pass.
#pragma once

#include <span>

#include "model/forward.h"

namespace deepscaler {

// Adds to `gradients` (laid out by model.table()) what d_hidden [T, D], the gradient with respect to
// activations.hidden, implies. `activations` are those of forward() over the same batch and cache,
// all layers or their inputs: what is missing is computed again. d_hidden and the activations are
// overwritten. Bits do not depend on the number of threads.
void backward(const Model& model, const ForwardBatch& batch, KvCache& cache, Activations& activations,
              MatrixView d_hidden, float* gradients);

// The backward pass of final_norm_rows: adds to d_hidden [T, D] (a row that was gathered more than once
// collects in order) and to the gradient of the norm.
void final_norm_rows_backward(const Model& model, ConstMatrixView gathered, std::span<const int64_t> rows,
                              ConstMatrixView d_normed, MatrixView d_hidden, float* gradients);

}  // namespace deepscaler
