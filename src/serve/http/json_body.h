// JSON as it is sent.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace deepscaler {

// One line without blanks; bytes that are no UTF-8 are replaced.
[[nodiscard]] std::string text_of(const nlohmann::ordered_json& json);

}  // namespace deepscaler
