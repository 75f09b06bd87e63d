// The rate of the model's matrix products alone, which the speed of a training step is compared with.
#pragma once

#include "model/model.h"

namespace deepscaler {

// FLOP per second of y = x W^T on a feed-forward weight of the model, on all threads and in the model's
// compute type. The best of several tries; takes a twentieth of a second. It depends on the clock, so only
// time/* metrics may use it.
[[nodiscard]] double product_rate(const Model& model);

}  // namespace deepscaler
