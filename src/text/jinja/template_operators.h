// Python's operators on template values.
#pragma once

#include <string_view>

#include "text/jinja/template_value.h"

namespace deepscaler::jinja {

// "+", "-", "*", "/", "//", "%", "**" and "~". Throws Fault for types that do not go together,
// integers beyond 64 bits and division by zero.
[[nodiscard]] Value binary_operation(std::string_view name, const Value& left, const Value& right);

// "-" and "+" before a number.
[[nodiscard]] Value sign_operation(std::string_view name, const Value& value);

// "==", "!=", "<", "<=", ">", ">=", "in" and "not in".
[[nodiscard]] bool compare(std::string_view name, const Value& left, const Value& right);

// value[start:stop:step] of a list or text; undefined and none stand for what is left out.
[[nodiscard]] Value slice(const Value& value, const Value& start, const Value& stop, const Value& step);

}  // namespace deepscaler::jinja
