// Methods of strings, lists and dicts, and the functions that a template finds by name.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "text/jinja/python_text.h"
#include "text/jinja/template_builtins.h"

namespace deepscaler::jinja {
namespace {

Value list_of_texts(std::vector<std::string> texts) {
  std::vector<Value> items;
  items.reserve(texts.size());
  for (std::string& text : texts) items.push_back(Value::text(std::move(text)));
  return Value::list(std::move(items));
}

// Python takes a negative count as "all".
std::optional<size_t> limit(const Arguments& arguments, size_t place, const char* name) {
  const auto count = arguments.integer(place, name);
  return count && *count >= 0 ? std::optional(static_cast<size_t>(*count)) : std::nullopt;
}

std::string_view required(const Arguments& arguments, size_t place, std::string_view method) {
  const auto text = arguments.text(place, "");
  if (!text) throw Fault(std::string(method) + "() lacks an argument");
  return *text;
}

// Whether a test holds for the argument, or for one of the tuple that it is.
template <typename Condition>
bool any_of_argument(const Arguments& arguments, std::string_view method, Condition condition) {
  const Value* argument = arguments.find(0, "");
  if (argument && argument->is_list()) {
    return std::ranges::any_of(argument->items(), [&](const Value& item) {
      if (!item.is_text()) throw Fault(std::string(method) + "() takes strings");
      return condition(item.str());
    });
  }
  return condition(required(arguments, 0, method));
}

Value position(size_t byte, const std::string& text) {
  if (byte == std::string::npos) return Value::integer(-1);
  return Value::integer(static_cast<int64_t>(count_characters(std::string_view(text).substr(0, byte))));
}

Value split_method(const std::string& text, std::string_view name, const Arguments& arguments) {
  const auto separator = arguments.text(0, "sep");
  if (separator && separator->empty()) throw Fault("empty separator");
  const auto cuts = limit(arguments, 1, "maxsplit");
  return list_of_texts(name == "split" ? split(text, separator, cuts)
                                       : split_from_right(text, separator, cuts));
}

Value replace_method(const std::string& text, const Arguments& arguments) {
  const std::string_view from = required(arguments, 0, "replace");
  const std::string_view to = required(arguments, 1, "replace");
  check_weight(static_cast<double>(text.size()) +
               static_cast<double>(count_text(text, from)) * static_cast<double>(to.size()));
  return Value::text(replace(text, from, to, limit(arguments, 2, "count")));
}

Value text_method(const std::string& text, std::string_view name, const Arguments& arguments) {
  const auto result = [](std::string_view part) { return Value::text(std::string(part)); };
  if (name == "split" || name == "rsplit") return split_method(text, name, arguments);
  if (name == "replace") return replace_method(text, arguments);
  if (name == "strip") return result(strip(text, arguments.text(0, "")));
  if (name == "lstrip") return result(strip_left(text, arguments.text(0, "")));
  if (name == "rstrip") return result(strip_right(text, arguments.text(0, "")));
  if (name == "upper") return Value::text(upper(text));
  if (name == "lower") return Value::text(lower(text));
  if (name == "capitalize") return Value::text(capitalize(text));
  if (name == "splitlines") return list_of_texts(split_lines(text));
  if (name == "find") return position(text.find(required(arguments, 0, name)), text);
  if (name == "rfind") return position(text.rfind(required(arguments, 0, name)), text);
  if (name == "count")
    return Value::integer(static_cast<int64_t>(count_text(text, required(arguments, 0, name))));
  if (name == "join") {
    if (arguments.positional.size() != 1) throw Fault("join() takes one argument");
    return apply_filter("join", arguments.positional[0], {{Value::text(text)}, {}});
  }
  if (name == "startswith") {
    return Value::boolean(
        any_of_argument(arguments, name, [&](std::string_view part) { return text.starts_with(part); }));
  }
  if (name == "endswith") {
    return Value::boolean(
        any_of_argument(arguments, name, [&](std::string_view part) { return text.ends_with(part); }));
  }
  if (name == "removeprefix") {
    const std::string_view part = required(arguments, 0, name);
    return text.starts_with(part) ? result(std::string_view(text).substr(part.size())) : Value::text(text);
  }
  if (name == "removesuffix") {
    const std::string_view part = required(arguments, 0, name);
    return text.ends_with(part) ? result(std::string_view(text).substr(0, text.size() - part.size()))
                                : Value::text(text);
  }
  throw Fault(fmt::format("the method '{}' of strings is not supported", name));
}

Value dict_method(const Dict& dict, std::string_view name, const Arguments& arguments) {
  std::vector<Value> items;
  if (name == "get") {
    const auto key = arguments.find(0, "");
    const Value* found = key && key->is_text() ? dict.find(key->str()) : nullptr;
    if (found) return *found;
    return arguments.find(1, "") ? *arguments.find(1, "") : Value::none();
  }
  for (const auto& [key, value] : dict.entries) {
    if (name == "keys") {
      items.push_back(Value::text(key));
    } else if (name == "values") {
      items.push_back(value);
    } else {
      items.push_back(Value::tuple({Value::text(key), value}));
    }
  }
  return Value::list(std::move(items));
}

Value list_method(const std::vector<Value>& items, std::string_view name, const Arguments& arguments) {
  if ((name != "count" && name != "index") || arguments.positional.size() != 1) {
    throw Fault(fmt::format("the method '{}' of lists is not supported", name));
  }
  const auto matches = [&](const Value& item) { return equal(item, arguments.positional[0]); };
  if (name == "count") return Value::integer(std::ranges::count_if(items, matches));
  const auto found = std::ranges::find_if(items, matches);
  if (found == items.end()) throw Fault("the list does not hold what index() looks for");
  return Value::integer(found - items.begin());
}

Value range(const Arguments& arguments) {
  constexpr int64_t kMaxLength = 100'000;  // the sandbox's limit
  arguments.at_most(3);
  const auto first = arguments.integer(0, "");
  if (!first) throw Fault("range() takes integers");
  const auto second = arguments.integer(1, "");
  const int64_t start = second ? *first : 0;
  const int64_t stop = second ? *second : *first;
  const int64_t step = arguments.integer(2, "").value_or(1);
  if (step == 0) throw Fault("range() with a step of 0");
  std::vector<Value> items;
  for (int64_t i = start; step > 0 ? i < stop : i > stop;) {
    items.push_back(Value::integer(i));
    if (items.size() > kMaxLength) throw Fault("range() longer than 100000");
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  return Value::list(std::move(items));
}

Value make_namespace(const Arguments& arguments) {
  auto space = std::make_shared<Namespace>();
  for (const Value& argument : arguments.positional) {
    if (!argument.is_dict()) throw Fault("namespace() takes keywords and dicts");
    for (const auto& [name, value] : argument.object().entries) space->attributes[name] = value;
  }
  for (const auto& [name, value] : arguments.keywords) space->attributes[name] = value;
  return Value(Value::Data(std::move(space)));
}

Value now(const Arguments& arguments) {
  const std::string format(required(arguments, 0, "strftime_now"));
  const std::time_t time = std::time(nullptr);
  std::tm local{};
  localtime_r(&time, &local);
  char text[256];
  const size_t length = std::strftime(text, sizeof text, format.c_str(), &local);
  if (length == 0 && !format.empty()) throw Fault("strftime_now() with a format that is too long");
  return Value::text({text, length});
}

Value make_dict(const Arguments& arguments) {
  if (!arguments.positional.empty()) throw Fault("dict() of what is no keyword is not supported");
  return Value::dict(arguments.keywords);
}

Value raise(const Arguments& arguments) {
  throw Fault(arguments.positional.empty() ? "raise_exception()" : to_text(arguments.positional[0]));
}

struct NamedFunction {
  std::string_view name;
  Value (*call)(const Arguments&);
};

constexpr NamedFunction kFunctions[] = {{"dict", make_dict},
                                        {"namespace", make_namespace},
                                        {"raise_exception", raise},
                                        {"range", range},
                                        {"strftime_now", now}};

}  // namespace

const Value* Arguments::find(size_t place, std::string_view name) const {
  if (place < positional.size()) return &positional[place];
  for (const auto& [keyword, value] : keywords) {
    if (keyword == name) return &value;
  }
  return nullptr;
}

std::optional<std::string_view> Arguments::text(size_t place, std::string_view name) const {
  const Value* value = find(place, name);
  if (!value || value->is_none()) return std::nullopt;
  if (!value->is_text()) throw Fault(fmt::format("an argument is '{}', not a string", value->type_name()));
  return value->str();
}

std::optional<int64_t> Arguments::integer(size_t place, std::string_view name) const {
  const Value* value = find(place, name);
  if (!value || value->is_none()) return std::nullopt;
  if (!value->is_integral())
    throw Fault(fmt::format("an argument is '{}', not an integer", value->type_name()));
  return value->integral();
}

bool Arguments::flag(size_t place, std::string_view name) const {
  const Value* value = find(place, name);
  return value && value->truthy();
}

void Arguments::at_most(size_t count) const {
  if (positional.size() + keywords.size() > count) throw Fault("too many arguments");
}

bool is_dict_method(std::string_view name) {
  return name == "get" || name == "items" || name == "keys" || name == "values";
}

Value call_method(const Value& object, std::string_view name, const Arguments& arguments) {
  if (object.is_undefined()) throw Fault(object.as<Undefined>().message);
  if (object.is_text()) return text_method(object.str(), name, arguments);
  if (object.is_list()) return list_method(object.items(), name, arguments);
  if (object.is_dict() && is_dict_method(name)) return dict_method(object.object(), name, arguments);
  if (object.is<std::shared_ptr<const Loop>>() && name == "cycle" && !arguments.positional.empty()) {
    const auto index = static_cast<size_t>(object.as<std::shared_ptr<const Loop>>()->index0);
    return arguments.positional[index % arguments.positional.size()];
  }
  throw Fault("'" + std::string(object.type_name()) + "' has no method '" + std::string(name) +
              "' that is supported");
}

Value function_named(std::string_view name) {
  const auto found = std::ranges::find(kFunctions, name, &NamedFunction::name);
  if (found == std::end(kFunctions)) return Value::undefined(fmt::format("'{}' is undefined", name));
  return Value(Value::Data(Function{found->name}));
}

Value call_function(Function function, const Arguments& arguments) {
  return std::ranges::find(kFunctions, function.name, &NamedFunction::name)->call(arguments);
}

}  // namespace deepscaler::jinja
