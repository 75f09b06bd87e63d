// Reference numbers of the formulas, worked out by torch in float64: tests/goldens/make_loss_goldens.py.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"

namespace deepscaler {

inline const nlohmann::json& loss_goldens() {
  static const nlohmann::json parsed =
      nlohmann::json::parse(read_file(std::filesystem::path(DEEPSCALER_GOLDENS) / "losses.json"));
  return parsed;
}

}  // namespace deepscaler
