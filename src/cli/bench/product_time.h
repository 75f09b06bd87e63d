// How long the matrix products of a pass through a model take by themselves, on its own weights and with as
// many rows: what the engine's speed is measured against. The ratio to the time of the whole pass is the
// share of the FLOP-weighted rate of our matmul that the engine reaches.
#pragma once

#include <cstdint>
#include <span>

#include "model/model.h"

namespace deepscaler {

// Rows of a pass: in the layers, and in the LM head. Passes go in pieces of at most `budget` rows.
struct PassRows {
  int64_t layers = 0;
  int64_t head = 0;
  int64_t budget = 1024;
};

struct ProductTime {
  double seconds = 0;  // the best of three, or of fewer that take longer than ten seconds
  double flops = 0;

  [[nodiscard]] double gflops_per_second() const { return flops / seconds * 1e-9; }
};

// y = x W^T of every weight.
[[nodiscard]] ProductTime forward_product_time(const Model& model, const PassRows& rows);
// The same with dX and dW. Takes memory for a gradient of the model.
[[nodiscard]] ProductTime training_product_time(const Model& model, const PassRows& rows);

}  // namespace deepscaler
