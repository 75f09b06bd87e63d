// The paths of the server that are asked with POST.
#pragma once

#include <span>
#include <string_view>

#include "serve/api/answer_order.h"

namespace deepscaler {

// Either the engine answers, or a tool that needs no computing.
struct PostRoute {
  std::string_view path;
  TakeOrder order = nullptr;
  Json (*tool)(const ServedModel& served, const Json& request) = nullptr;
};

[[nodiscard]] std::span<const PostRoute> post_routes();

// Null where nothing is asked at that path.
[[nodiscard]] const PostRoute* find_post_route(std::string_view path);

}  // namespace deepscaler
