// Methods of strings, lists and dicts, and the functions that a template finds by name.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <ctime>

#include "text/jinja/python_text.h"
#include "text/jinja/template_builtins.h"
#include "text/unicode/unicode.h"

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

Value partition(const std::string& text, std::string_view name, const Arguments& arguments) {
  const std::string separator(required(arguments, 0, name));
  if (separator.empty()) throw Fault("empty separator");
  const bool from_left = name == "partition";
  const size_t at = from_left ? text.find(separator) : text.rfind(separator);
  if (at == std::string::npos) {
    const Value whole = Value::text(text), none = Value::text("");
    return Value::tuple({from_left ? whole : none, none, from_left ? none : whole});
  }
  return Value::tuple({Value::text(text.substr(0, at)), Value::text(separator),
                       Value::text(text.substr(at + separator.size()))});
}

Value padded(const std::string& text, std::string_view name, const Arguments& arguments) {
  const auto width = arguments.integer(0, "width");
  if (!width) throw Fault(std::string(name) + "() lacks its width");
  check_weight(static_cast<double>(*width));
  const std::string fill(name == "zfill" ? "0" : arguments.text(1, "fillchar").value_or(" "));
  if (count_characters(fill) != 1) throw Fault("the fill character must be one character long");
  const auto missing = std::max<int64_t>(*width - static_cast<int64_t>(count_characters(text)), 0);
  const auto times = [&](int64_t count) {
    std::string run;
    for (int64_t i = 0; i < count; ++i) run += fill;
    return run;
  };
  if (name == "ljust") return Value::text(text + times(missing));
  if (name == "rjust") return Value::text(times(missing) + text);
  if (name == "center") {
    // The odd one is left where the width is odd, as in CPython.
    const int64_t left = missing / 2 + (missing & *width & 1);
    return Value::text(times(left) + text + times(missing - left));
  }
  const bool is_signed = text.starts_with('-') || text.starts_with('+');
  return Value::text((is_signed ? text.substr(0, 1) : "") + times(missing) +
                     (is_signed ? text.substr(1) : text));
}

// str.format() with {}, {0} and {name}, without specifications.
std::string brace_format(const std::string& text, const Arguments& arguments) {
  std::string out;
  size_t next = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '{' && text[at] != '}') {
      out += text[at];
    } else if (at + 1 < text.size() && text[at + 1] == text[at]) {
      out += text[at++];
    } else {
      const size_t end = text.find('}', at);
      if (text[at] == '}' || end == std::string::npos) throw Fault("a single brace in a format string");
      const std::string field = text.substr(at + 1, end - at - 1);
      const bool is_number = field.find_first_not_of("0123456789") == std::string::npos && field.size() < 6;
      if (!is_number && field.find_first_of(":!.[{") != std::string::npos) {
        throw Fault("format() with more than a name is not supported");
      }
      const size_t place = field.empty() ? next++ : is_number ? std::stoul(field) : SIZE_MAX;
      const Value* value = arguments.find(place, is_number ? "" : field);
      if (!value) throw Fault("format() lacks an argument");
      out += to_text(*value);
      at = end;
    }
    check_weight(static_cast<double>(out.size()));
  }
  return out;
}

// str.isdigit() and its relatives.
Value kind_of_text(const std::string& text, std::string_view name) {
  const auto all = [&](auto condition) {
    for (size_t at = 0; at < text.size(); at += utf8_char_at(text, at).bytes) {
      if (!condition(utf8_char_at(text, at).code)) return Value::boolean(false);
    }
    return Value::boolean(!text.empty());
  };
  if (name == "isdigit" || name == "isdecimal" || name == "isnumeric") return all(is_numeric);
  if (name == "isspace") return all(is_python_space);
  if (name == "isalpha") return all([](char32_t c) { return is_word(c) && !is_numeric(c) && c != '_'; });
  if (name == "isalnum") return all([](char32_t c) { return is_word(c) && c != '_'; });
  if (name == "isupper") return Value::boolean(upper(text) == text && lower(text) != text);
  if (name == "islower") return Value::boolean(lower(text) == text && upper(text) != text);
  throw Fault(fmt::format("the method '{}' of strings is not supported", name));
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
  if (name == "title") return Value::text(title(text));
  if (name == "partition" || name == "rpartition") return partition(text, name, arguments);
  if (name == "zfill" || name == "ljust" || name == "rjust" || name == "center")
    return padded(text, name, arguments);
  if (name == "format") return Value::text(brace_format(text, arguments));
  if (name.starts_with("is")) return kind_of_text(text, name);
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

Value cycler_method(Cycler& cycler, std::string_view name) {
  if (cycler.is_joiner || (name != "next" && name != "reset")) {
    throw Fault(fmt::format("the method '{}' of a cycler is not supported", name));
  }
  const size_t at = cycler.at;
  cycler.at = name == "next" ? (at + 1) % cycler.items.size() : 0;
  return name == "next" ? cycler.items[at] : Value::none();
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

Value make_dict(const Arguments& arguments) {
  if (!arguments.positional.empty()) throw Fault("dict() of what is no keyword is not supported");
  return Value::dict(arguments.keywords);
}

Value raise(const Arguments& arguments) {
  throw Fault(arguments.positional.empty() ? "raise_exception()" : to_text(arguments.positional[0]));
}

Value make_cycler(const Arguments& arguments) {
  if (arguments.positional.empty()) throw Fault("cycler() needs at least one item");
  return Value(Value::Data(std::make_shared<Cycler>(Cycler{.items = arguments.positional})));
}

Value make_joiner(const Arguments& arguments) {
  const std::string separator(arguments.text(0, "sep").value_or(", "));
  return Value(
      Value::Data(std::make_shared<Cycler>(Cycler{.items = {Value::text(separator)}, .is_joiner = true})));
}

// The evaluator knows the day and calls strftime_on() itself.
Value day_is_needed(const Arguments&) { throw Fault("strftime_now() where there is no day"); }

Value method_is_no_function(const Arguments&) {
  throw Fault("calling a method by another name is not supported");
}

struct NamedFunction {
  std::string_view name;
  Value (*call)(const Arguments&);
};

constexpr NamedFunction kFunctions[] = {
    {"dict", make_dict},     {"namespace", make_namespace},   {"raise_exception", raise},
    {"range", range},        {"strftime_now", day_is_needed}, {"cycler", make_cycler},
    {"joiner", make_joiner}, {kMethod, method_is_no_function}};

}  // namespace

Value strftime_on(std::chrono::year_month_day day, const Arguments& arguments) {
  const std::string format(required(arguments, 0, "strftime_now"));
  std::tm beginning{};
  beginning.tm_year = static_cast<int>(day.year()) - 1900;
  beginning.tm_mon = static_cast<int>(static_cast<unsigned>(day.month())) - 1;
  beginning.tm_mday = static_cast<int>(static_cast<unsigned>(day.day()));
  (void)timegm(&beginning);  // fills in the days of the week and of the year
  char text[256];
  const size_t length = std::strftime(text, sizeof text, format.c_str(), &beginning);
  if (length == 0 && !format.empty()) throw Fault("strftime_now() with a format that is too long");
  return Value::text({text, length});
}

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
  if (object.is<std::shared_ptr<Cycler>>()) return cycler_method(*object.as<std::shared_ptr<Cycler>>(), name);
  if (object.is<std::shared_ptr<const Loop>>() && name == "changed") {
    std::optional<Value>& last = *object.as<std::shared_ptr<const Loop>>()->changed;
    Value now = Value::tuple(arguments.positional);
    const bool is_new = !last || !equal(*last, now);
    last = std::move(now);
    return Value::boolean(is_new);
  }
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
