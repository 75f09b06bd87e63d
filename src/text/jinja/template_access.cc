// object.name and object[index].
#include <fmt/format.h>

#include <algorithm>

#include "text/jinja/python_text.h"
#include "text/jinja/template_builtins.h"

namespace deepscaler::jinja {
namespace {

Value missing(const Value& object, const std::string& name) {
  return Value::undefined(fmt::format("'{} object' has no attribute '{}'", object.type_name(), name));
}

// A dict's methods are there where it has no entry of the name: certain, and of no use but to be called.
bool is_method_of_dicts(std::string_view name) {
  constexpr std::string_view kMethods[] = {"clear", "copy",    "fromkeys",   "get",    "items", "keys",
                                           "pop",   "popitem", "setdefault", "update", "values"};
  return std::ranges::find(kMethods, name) != std::end(kMethods);
}

Value loop_fact(const Value& object, const Loop& loop, const std::string& name) {
  if (name == "index") return Value::integer(loop.index0 + 1);
  if (name == "index0") return Value::integer(loop.index0);
  if (name == "revindex") return Value::integer(loop.length - loop.index0);
  if (name == "revindex0") return Value::integer(loop.length - loop.index0 - 1);
  if (name == "first") return Value::boolean(loop.index0 == 0);
  if (name == "last") return Value::boolean(loop.index0 + 1 == loop.length);
  if (name == "length") return Value::integer(loop.length);
  if (name == "depth") return Value::integer(1);  // counts recursive loops, which there are none of
  if (name == "depth0") return Value::integer(0);
  if (name == "previtem") return loop.previous;
  if (name == "nextitem") return loop.next;
  return missing(object, name);
}

}  // namespace

Value attribute_of(const Value& object, const std::string& name) {
  if (object.is_undefined()) throw Fault(object.as<Undefined>().message);
  const Value* found = nullptr;
  if (object.is_dict()) {
    found = object.object().find(name);
    if (!found && is_method_of_dicts(name)) return Value(Value::Data(Function{kMethod}));
  } else if (object.is<std::shared_ptr<Namespace>>()) {
    const auto& attributes = object.as<std::shared_ptr<Namespace>>()->attributes;
    const auto place = attributes.find(name);
    if (place != attributes.end()) found = &place->second;
  } else if (object.is<std::shared_ptr<const Loop>>()) {
    return loop_fact(object, *object.as<std::shared_ptr<const Loop>>(), name);
  } else if (object.is<std::shared_ptr<Cycler>>() && name == "current") {
    const Cycler& cycler = *object.as<std::shared_ptr<Cycler>>();
    return cycler.items[cycler.at];
  }
  return found ? *found : missing(object, name);
}

Value item_of(const Value& object, const Value& index) {
  if (object.is_undefined()) throw Fault(object.as<Undefined>().message);
  if (object.is_list() && index.is_integral()) {
    const auto size = static_cast<int64_t>(object.items().size());
    const int64_t at = index.integral() < 0 ? index.integral() + size : index.integral();
    if (at >= 0 && at < size) return object.items()[static_cast<size_t>(at)];
  } else if (object.is_text() && index.is_integral()) {
    const std::string& text = object.str();
    const auto size = static_cast<int64_t>(count_characters(text));
    const int64_t at = index.integral() < 0 ? index.integral() + size : index.integral();
    if (at >= 0 && at < size) {
      const size_t begin = byte_of_character(text, static_cast<size_t>(at));
      return Value::text(text.substr(begin, byte_of_character(std::string_view(text).substr(begin), 1)));
    }
  } else if (index.is_text()) {
    return attribute_of(object, index.str());
  }
  return missing(object, to_text(index));
}

Value at_path(const Value& object, const Value& path, const Value* otherwise) {
  const auto step = [&](const Value& from, const Value& index) {
    Value next = item_of(from, index);
    return next.is_undefined() && otherwise ? *otherwise : next;
  };
  if (!path.is_text()) return step(object, path);
  Value value = object;
  for (const std::string& part : split(path.str(), ".", std::nullopt)) {
    const bool is_number =
        !part.empty() && part.size() < 10 && part.find_first_not_of("0123456789") == std::string::npos;
    value = step(value, is_number ? Value::integer(std::stoll(part)) : Value::text(part));
  }
  return value;
}

}  // namespace deepscaler::jinja
