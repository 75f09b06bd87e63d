// Muon (Jordan et al., 2024) for the matrices of the layers and of adapters: the momentum of a matrix's
// gradient, made nearly orthogonal, so that all of its directions are learned at one rate.
//
//   M = beta M + (1 - beta) G,   U = beta M + (1 - beta) G,   O = orthogonalize(U)
//   W = (1 - lr decay) W - lr 0.2 sqrt(max(rows, columns)) O
//
// The factor gives O the size of AdamW's usual updates (Liu et al., 2025, section 2.2), so AdamW's rates and
// decays serve. Embeddings, heads, norms and biases are AdamW's (train/optimizers/adamw.h).
#pragma once

#include <memory>

#include "tensor/matrix.h"
#include "train/optimizers/optimizer.h"

namespace deepscaler {

// Singular values of x become about 1, between 0.7 and 1.2: x / ||x||, then five Newton-Schulz steps
//   X = a X + (b A + c A^2) X,   A = X X^T,   (a, b, c) = (3.4445, -4.7750, 2.0315)
// of x or, where it has more rows than columns, of its transpose. In f32, the same bits on any number of
// threads.
void orthogonalize(Matrix& x);

[[nodiscard]] std::unique_ptr<Optimizer> make_muon(const ParameterTable& table);
[[nodiscard]] int64_t muon_memory(const ParameterTable& table);

}  // namespace deepscaler
