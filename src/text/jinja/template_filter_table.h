// Filters by name. Those of one kind stand in a file of their own.
#pragma once

#include <span>
#include <string_view>

#include "text/jinja/template_builtins.h"

namespace deepscaler::jinja {

struct NamedFilter {
  std::string_view name;
  Value (*filter)(const Value& value, const Arguments& arguments);
  size_t max_arguments;
};

// What orders, chooses from or cuts up the items of a value: sort, unique, sum, batch, ...
[[nodiscard]] std::span<const NamedFilter> sequence_filters();

}  // namespace deepscaler::jinja
