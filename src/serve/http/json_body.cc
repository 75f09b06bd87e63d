#include "serve/http/json_body.h"

#include <nlohmann/json.hpp>

namespace deepscaler {

std::string text_of(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace deepscaler
