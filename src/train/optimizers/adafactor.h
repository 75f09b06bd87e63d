// Adafactor (Shazeer and Stern, 2018) without momentum: of the second moment of a matrix only the means of
// its rows and columns are kept, whose product stands for it. transformers' class with scale_parameter and
// relative_step off: the rate is the recipe's.
//
//   b2 = 1 - t^-0.8,   V = G^2 + 1e-30
//   R = b2 R + (1 - b2) mean over columns of V,   C likewise over rows
//   U = G / sqrt(R C / mean(R)),   U = U / max(1, rms(U)),   W = (1 - lr decay) W - lr U
//
// Of vectors (norms, biases) V is kept whole. Sums are in double, in a fixed order.
#pragma once

#include <memory>

#include "train/optimizers/optimizer.h"

namespace deepscaler {

[[nodiscard]] std::unique_ptr<Optimizer> make_adafactor(const ParameterTable& table);
[[nodiscard]] int64_t adafactor_memory(const ParameterTable& table);

}  // namespace deepscaler
