// An adapter merged into its base: W + s B A for every matrix that it adapts, in f32. The result is a model
// like any other, whose last bits differ from the adapter's over its base (model/lora.h).
#pragma once

#include "model/model.h"
#include "tensor/dtype.h"

namespace deepscaler {

// `adapted` must be adapted (CHECK).
[[nodiscard]] Model merged_model(const Model& adapted);

// What is lost where merged matrices are rounded to a narrower type: an adapter's change is small beside the
// numbers that it is added to.
struct MergeLoss {
  double unchanged =
      0;  // share of the adapted numbers that the rounded sum leaves as they are in the rounded base
  double error = 0;  // ||change that is left - change|| / ||change||
};
// dtype is BF16 or F16.
[[nodiscard]] MergeLoss merge_loss(const Model& adapted, DType dtype);

}  // namespace deepscaler
