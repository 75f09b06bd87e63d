// Filters by name: those of template_filters.cc, and the ones that a table in another file adds to them.
#pragma once

#include <span>
#include <string_view>

#include "text/jinja/template_builtins.h"

namespace deepscaler::jinja {

struct NamedFilter {
  std::string_view name;
  Value (*filter)(const Value& value, const Arguments& arguments);
  size_t max_arguments;  // more are an Error
};

// What orders, chooses from or cuts up the items of a value: sort, unique, sum, batch, ...
[[nodiscard]] std::span<const NamedFilter> sequence_filters();

}  // namespace deepscaler::jinja
