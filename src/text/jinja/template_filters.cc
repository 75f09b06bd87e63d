// Filters: `value | name(arguments)`.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "text/jinja/python_text.h"
#include "text/jinja/template_filter_table.h"
#include "text/unicode/unicode.h"

namespace deepscaler::jinja {
namespace {

int64_t length_of(const Value& value) {
  if (value.is_text()) return static_cast<int64_t>(count_characters(value.str()));
  if (value.is_list()) return static_cast<int64_t>(value.items().size());
  if (value.is_dict()) return static_cast<int64_t>(value.object().entries.size());
  if (value.is_undefined()) return 0;
  throw Fault("object of type '" + std::string(value.type_name()) + "' has no len()");
}

Value filter_length(const Value& value, const Arguments&) { return Value::integer(length_of(value)); }

Value filter_trim(const Value& value, const Arguments& arguments) {
  return Value::text(std::string(strip(to_text(value), arguments.text(0, "chars"))));
}

Value filter_tojson(const Value& value, const Arguments& arguments) {
  JsonStyle style = {.indent = arguments.integer(1, "indent"),
                     .ascii_only = arguments.flag(0, "ensure_ascii"),
                     .sort_keys = arguments.flag(3, "sort_keys")};
  if (const Value* pair = arguments.find(2, "separators"); pair && !pair->is_none()) {
    if (!pair->is_list() || pair->items().size() != 2 || !pair->items()[0].is_text() ||
        !pair->items()[1].is_text()) {
      throw Fault("the separators of tojson are not two strings");
    }
    style.separators.emplace(pair->items()[0].str(), pair->items()[1].str());
  }
  return Value::text(to_json(value, style));
}

Value filter_default(const Value& value, const Arguments& arguments) {
  const bool missing = value.is_undefined() || (arguments.flag(1, "boolean") && !value.truthy());
  if (!missing) return value;
  const Value* otherwise = arguments.find(0, "default_value");
  return otherwise ? *otherwise : Value::text("");
}

Value filter_join(const Value& value, const Arguments& arguments) {
  const std::string_view separator = arguments.text(0, "d").value_or("");
  const Value* attribute = arguments.find(1, "attribute");
  std::string joined;
  bool first = true;
  for (const Value& item : iterate(value)) {
    if (!std::exchange(first, false)) joined += separator;
    joined += to_text(attribute && !attribute->is_none() ? at_path(item, *attribute) : item);
    check_weight(static_cast<double>(joined.size()));
  }
  return Value::text(std::move(joined));
}

Value filter_upper(const Value& value, const Arguments&) { return Value::text(upper(to_text(value))); }
Value filter_lower(const Value& value, const Arguments&) { return Value::text(lower(to_text(value))); }
Value filter_capitalize(const Value& value, const Arguments&) {
  return Value::text(capitalize(to_text(value)));
}
Value filter_string(const Value& value, const Arguments&) { return Value::text(to_text(value)); }
Value filter_list(const Value& value, const Arguments&) { return Value::list(iterate(value)); }
Value filter_safe(const Value& value, const Arguments&) { return value; }

Value filter_replace(const Value& value, const Arguments& arguments) {
  Arguments texts;
  texts.positional = arguments.positional;
  return call_method(Value::text(to_text(value)), "replace", texts);
}

Value filter_first(const Value& value, const Arguments&) {
  const std::vector<Value> items = iterate(value);
  return items.empty() ? Value::undefined("No first item, sequence was empty.") : items.front();
}
Value filter_last(const Value& value, const Arguments&) {
  const std::vector<Value> items = iterate(value);
  return items.empty() ? Value::undefined("No last item, sequence was empty.") : items.back();
}

Value filter_reverse(const Value& value, const Arguments&) {
  std::vector<Value> items = iterate(value);
  std::ranges::reverse(items);
  if (!value.is_text()) return Value::list(std::move(items));
  std::string text;
  for (const Value& character : items) text += character.str();
  return Value::text(std::move(text));
}

Value filter_int(const Value& value, const Arguments& arguments) {
  const Value otherwise = arguments.find(0, "default") ? *arguments.find(0, "default") : Value::integer(0);
  if (value.is_integral()) return Value::integer(value.integral());
  double number = 0;
  if (value.is<double>()) {
    number = value.as<double>();
  } else {
    const std::string text = to_text(value);
    const std::string_view digits = strip(text);
    int64_t integer = 0;
    const auto whole = std::from_chars(digits.data(), digits.data() + digits.size(), integer);
    if (whole.ec == std::errc() && whole.ptr == digits.data() + digits.size()) return Value::integer(integer);
    const auto real = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (real.ec != std::errc() || real.ptr != digits.data() + digits.size()) return otherwise;
  }
  return std::abs(number) < 0x1p63 ? Value::integer(static_cast<int64_t>(number)) : otherwise;
}

Value filter_float(const Value& value, const Arguments& arguments) {
  if (value.is_number()) return Value::real(value.number());
  const std::string text = to_text(value);
  const std::string_view digits = strip(text);
  double number = 0;
  const auto real = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (real.ec == std::errc() && real.ptr == digits.data() + digits.size()) return Value::real(number);
  return arguments.find(0, "default") ? *arguments.find(0, "default") : Value::real(0);
}

Value filter_abs(const Value& value, const Arguments&) {
  if (value.is<double>()) return Value::real(std::abs(value.as<double>()));
  if (!value.is_integral() || value.integral() == INT64_MIN) throw Fault("abs of what is no number");
  return Value::integer(std::abs(value.integral()));
}

Value filter_items(const Value& value, const Arguments& arguments) {
  if (value.is_undefined()) return Value::list({});
  return call_method(value, "items", arguments);
}

Value filter_indent(const Value& value, const Arguments& arguments) {
  const Value* width = arguments.find(0, "width");
  const int64_t spaces = width && width->is_integral() ? width->integral() : 4;
  check_weight(static_cast<double>(spaces));
  const std::string indentation = width && width->is_text()
                                      ? width->str()
                                      : std::string(static_cast<size_t>(std::max<int64_t>(spaces, 0)), ' ');
  const bool blank_too = arguments.flag(2, "blank");
  const std::vector<std::string> lines = split_lines(to_text(value) + "\n");
  check_weight(static_cast<double>(lines.size()) * static_cast<double>(indentation.size()));
  std::string text = arguments.flag(1, "first") ? indentation : "";
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) text += '\n';
    if (i > 0 && (blank_too || !lines[i].empty())) text += indentation;
    text += lines[i];
  }
  return Value::text(std::move(text));
}

// The arguments after the first `count`.
Arguments after(const Arguments& arguments, size_t count) {
  Arguments rest;
  for (size_t i = count; i < arguments.positional.size(); ++i)
    rest.positional.push_back(arguments.positional[i]);
  return rest;
}

std::string_view required_text(const Arguments& arguments, size_t place, const char* what) {
  const auto text = arguments.text(place, "");
  if (!text) throw Fault(std::string(what) + " is missing");
  return *text;
}

// map("filter", ...) or map(attribute="name", default=...).
Value filter_map(const Value& value, const Arguments& arguments) {
  std::vector<Value> items = iterate(value);
  if (arguments.positional.empty()) {
    const Value* attribute = arguments.find(0, "attribute");
    if (!attribute) throw Fault("map needs a filter or an attribute");
    const Value* otherwise = arguments.find(1, "default");
    for (Value& item : items) item = at_path(item, *attribute, otherwise);
    return Value::list(std::move(items));
  }
  const std::string_view filter = required_text(arguments, 0, "map's filter");
  for (Value& item : items) item = apply_filter(filter, item, after(arguments, 1));
  return Value::list(std::move(items));
}

enum class Keep { kPassing, kFailing };

// select / reject, and selectattr / rejectattr where an attribute of each item is looked at.
Value selected(const Value& value, const Arguments& arguments, Keep keep, bool by_attribute) {
  const size_t test_place = by_attribute ? 1 : 0;
  if (by_attribute && arguments.positional.empty()) throw Fault("the attribute is missing");
  std::vector<Value> kept;
  for (const Value& item : iterate(value)) {
    const Value subject = by_attribute ? at_path(item, arguments.positional[0]) : item;
    const bool passes = arguments.positional.size() > test_place
                            ? apply_test(required_text(arguments, test_place, "the test"), subject,
                                         after(arguments, test_place + 1))
                            : subject.truthy();
    if (passes == (keep == Keep::kPassing)) kept.push_back(item);
  }
  return Value::list(std::move(kept));
}

template <Keep kKeep, bool kByAttribute>
Value filter_select(const Value& value, const Arguments& arguments) {
  return selected(value, arguments, kKeep, kByAttribute);
}

Value filter_attr(const Value& value, const Arguments& arguments) {
  const std::string name(required_text(arguments, 0, "attr's name"));
  // Of an object, not the entry of a dict.
  if (value.is_dict() || value.is_text() || value.is_list()) {
    return Value::undefined(fmt::format("'{} object' has no attribute '{}'", value.type_name(), name));
  }
  return attribute_of(value, name);
}

Value filter_center(const Value& value, const Arguments& arguments) {
  return call_method(Value::text(to_text(value)), "center",
                     {{Value::integer(arguments.integer(0, "width").value_or(80))}, {}});
}

Value filter_escape(const Value& value, const Arguments&) {
  std::string text;
  for (const char c : to_text(value)) {
    constexpr std::string_view kMarks = "&<>'\"";
    constexpr const char* kEntities[] = {"&amp;", "&lt;", "&gt;", "&#39;", "&#34;"};
    const size_t mark = kMarks.find(c);
    mark == std::string_view::npos ? text.push_back(c) : void(text += kEntities[mark]);
  }
  return Value::text(std::move(text));
}

Value filter_format(const Value& value, const Arguments& arguments) {
  if (!arguments.positional.empty() && !arguments.keywords.empty()) {
    throw Fault("format takes values by place or by name, not both");
  }
  const Value values =
      arguments.keywords.empty() ? Value::tuple(arguments.positional) : Value::dict(arguments.keywords);
  return Value::text(percent_format(to_text(value), values));
}

// Python's round(), to even where two are as near; integers stay integers.
Value filter_round(const Value& value, const Arguments& arguments) {
  const int64_t precision = arguments.integer(0, "precision").value_or(0);
  const std::string_view method = arguments.text(1, "method").value_or("common");
  if (!value.is_number()) throw Fault("round of what is no number");
  if (method != "common" && method != "ceil" && method != "floor") {
    throw Fault("method must be common, ceil or floor");
  }
  if (std::abs(precision) > 300) throw Fault("round to a precision that is out of range");
  const double scale = std::pow(10.0, static_cast<double>(precision));
  if (method == "ceil") return Value::real(std::ceil(value.number() * scale) / scale);
  if (method == "floor") return Value::real(std::floor(value.number() * scale) / scale);
  if (value.is_integral() && precision >= 0) return Value::integer(value.integral());
  if (precision < 0) {
    const double rounded = std::nearbyint(value.number() * scale) / scale;
    return value.is_integral() ? Value::integer(static_cast<int64_t>(rounded)) : Value::real(rounded);
  }
  if (!std::isfinite(value.number())) return value;
  // The decimal digits of the number itself decide, not those of a product.
  return Value::real(std::stod(fmt::format("{:.{}f}", value.number(), precision)));
}

// Words begin behind white space, hyphens and opening brackets.
Value filter_title(const Value& value, const Arguments&) {
  const std::string text = to_text(value);
  std::string result;
  size_t begin = 0;
  const auto add_word = [&](size_t end) {
    result += capitalize(std::string_view(text).substr(begin, end - begin));
  };
  for (size_t at = 0; at < text.size();) {
    const auto [code, bytes] = utf8_char_at(text, at);
    if (is_python_space(code) || std::string_view("-({[<").find(text[at]) != std::string_view::npos) {
      add_word(at);
      result += text.substr(at, bytes);
      begin = at + bytes;
    }
    at += bytes;
  }
  add_word(text.size());
  return Value::text(std::move(result));
}

Value filter_wordcount(const Value& value, const Arguments&) {
  const std::string text = to_text(value);
  int64_t words = 0;
  bool inside = false;
  for (size_t at = 0; at < text.size();) {
    const auto [code, bytes] = utf8_char_at(text, at);
    const bool part = is_word(code) || is_numeric(code);
    words += part && !inside;
    inside = part;
    at += bytes;
  }
  return Value::integer(words);
}

constexpr NamedFilter kFilters[] = {
    {"abs", filter_abs, 0},
    {"attr", filter_attr, 1},
    {"capitalize", filter_capitalize, 0},
    {"center", filter_center, 1},
    {"count", filter_length, 0},
    {"d", filter_default, 2},
    {"default", filter_default, 2},
    {"e", filter_escape, 0},
    {"escape", filter_escape, 0},
    {"first", filter_first, 0},
    {"float", filter_float, 1},
    {"format", filter_format, 64},
    {"indent", filter_indent, 3},
    {"int", filter_int, 1},
    {"items", filter_items, 0},
    {"join", filter_join, 2},
    {"last", filter_last, 0},
    {"length", filter_length, 0},
    {"list", filter_list, 0},
    {"lower", filter_lower, 0},
    {"map", filter_map, 8},
    {"reject", filter_select<Keep::kFailing, false>, 8},
    {"rejectattr", filter_select<Keep::kFailing, true>, 8},
    {"replace", filter_replace, 3},
    {"reverse", filter_reverse, 0},
    {"round", filter_round, 2},
    {"safe", filter_safe, 0},
    {"select", filter_select<Keep::kPassing, false>, 8},
    {"selectattr", filter_select<Keep::kPassing, true>, 8},
    {"string", filter_string, 0},
    {"tojson", filter_tojson, 4},
    {"title", filter_title, 0},
    {"trim", filter_trim, 1},
    {"upper", filter_upper, 0},
    {"wordcount", filter_wordcount, 0},
};

const NamedFilter* find_filter(std::string_view name) {
  for (const std::span<const NamedFilter> filters :
       {std::span<const NamedFilter>(kFilters), sequence_filters()}) {
    const auto found = std::ranges::find(filters, name, &NamedFilter::name);
    if (found != filters.end()) return &*found;
  }
  return nullptr;
}

}  // namespace

bool is_filter(std::string_view name) { return find_filter(name) != nullptr; }

Value apply_filter(std::string_view name, const Value& value, const Arguments& arguments) {
  const NamedFilter* filter = find_filter(name);
  if (!filter) throw Fault("the filter '" + std::string(name) + "' is not supported");
  arguments.at_most(filter->max_arguments);
  return filter->filter(value, arguments);
}

}  // namespace deepscaler::jinja
