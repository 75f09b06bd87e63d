// For tests: reference numbers of the formulas, worked out by torch in float64
// (tests/goldens/make_loss_goldens.py).
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace deepscaler {

[[nodiscard]] const nlohmann::json& loss_goldens();

}  // namespace deepscaler
