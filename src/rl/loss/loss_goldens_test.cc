#include "rl/loss/loss_goldens.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"

namespace deepscaler {

const nlohmann::json& loss_goldens() {
  static const auto parsed =
      nlohmann::json::parse(read_file(std::filesystem::path(DEEPSCALER_GOLDENS) / "losses.json"));
  return parsed;
}

}  // namespace deepscaler
