// The rate of the engine's matrix products by themselves: what a training step's speed is measured against.
#pragma once

#include "model/model.h"

namespace deepscaler {

// FLOP per second of y = x W^T on a feed-forward weight of the model, on all threads and in the type that it
// computes in: the best of some tries, a twentieth of a second. It says how fast this machine is now; nothing
// but time/* metrics may depend on it.
[[nodiscard]] double product_rate(const Model& model);

}  // namespace deepscaler
