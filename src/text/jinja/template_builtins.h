// What chat templates may call: filters, tests, methods of values and functions, with the meaning
// that Jinja and Python give them. All throw Fault for wrong arguments.
#pragma once

#include <chrono>
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
  // The argument by place or name, of one type. Throws Fault where the argument has another type.
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

// range, dict, namespace, cycler, joiner, raise_exception and strftime_now as values; undefined for other
// names.
[[nodiscard]] Value function_named(std::string_view name);
// The name of the value that stands for a method which is looked up and not called.
inline constexpr std::string_view kMethod = "method of a dict";
[[nodiscard]] Value call_function(Function function, const Arguments& arguments);

// object.name: a dict's entry, a namespace's attribute, a fact about a loop; else undefined.
[[nodiscard]] Value attribute_of(const Value& object, const std::string& name);

// object[index].
[[nodiscard]] Value item_of(const Value& object, const Value& index);

// object at a path such as "a.b.0", as filters take an attribute: name after name, a number as an index.
// `otherwise`, if given, stands for what is undefined on the way.
[[nodiscard]] Value at_path(const Value& object, const Value& path, const Value* otherwise = nullptr);

// Python's `format % arguments`: a tuple's items one after the other, a dict's by %(name)s, another value
// alone.
[[nodiscard]] std::string percent_format(std::string_view format, const Value& arguments);

// strftime_now(): the beginning of a day.
[[nodiscard]] Value strftime_on(std::chrono::year_month_day day, const Arguments& arguments);

}  // namespace deepscaler::jinja
