// What chat templates may call: filters, tests, methods of values and functions, with the meaning
// that Jinja and Python give them. All throw Fault for wrong arguments.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/template_value.h"

namespace deepscaler::jinja {

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> keywords;

  // By place (from 0) or by name; null where it was not given.
  [[nodiscard]] const Value* find(size_t place, std::string_view name) const;
  // The same for arguments of one type, with Fault for another one.
  [[nodiscard]] std::optional<std::string_view> text(size_t place, std::string_view name) const;
  [[nodiscard]] std::optional<int64_t> integer(size_t place, std::string_view name) const;
  [[nodiscard]] bool flag(size_t place, std::string_view name) const;  // false where not given
  // Throws Fault where there are more than `count` in all.
  void at_most(size_t count) const;
};

[[nodiscard]] bool is_filter(std::string_view name);
[[nodiscard]] Value apply_filter(std::string_view name, const Value& value, const Arguments& arguments);

[[nodiscard]] bool is_test(std::string_view name);
[[nodiscard]] bool apply_test(std::string_view name, const Value& value, const Arguments& arguments);

// object.name(arguments).
[[nodiscard]] Value call_method(const Value& object, std::string_view name, const Arguments& arguments);
[[nodiscard]] bool is_dict_method(std::string_view name);

// range, dict, namespace, raise_exception and strftime_now as values; undefined for other names.
[[nodiscard]] Value function_named(std::string_view name);
[[nodiscard]] Value call_function(Function function, const Arguments& arguments);

// object.name: a dict's entry, a namespace's attribute, a fact about a loop; else undefined.
[[nodiscard]] Value attribute_of(const Value& object, const std::string& name);

// object[index].
[[nodiscard]] Value item_of(const Value& object, const Value& index);

}  // namespace deepscaler::jinja
