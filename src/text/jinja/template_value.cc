#include "text/jinja/template_value.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "text/unicode/unicode.h"

namespace deepscaler::jinja {
namespace {

constexpr int kMaxDepth = 128;

// The extent of a value with these parts and, for a dict, keys of so many bytes.
class ExtentOfParts {
 public:
  void add(const Value& part, size_t key_bytes = 0) {
    if (part.is<std::shared_ptr<Namespace>>() || part.is<std::shared_ptr<const Loop>>() ||
        part.is<std::shared_ptr<Cycler>>()) {
      throw Fault("a namespace, loop or cycler inside a list or dict is not supported");
    }
    const Extent inner = part.extent();
    extent_.depth = std::max(extent_.depth, inner.depth + 1);
    extent_.weight += inner.weight + key_bytes;
    if (extent_.depth > kMaxDepth) throw Fault("values nested too deep");
    check_weight(static_cast<double>(extent_.weight));
  }
  [[nodiscard]] Extent extent() const { return extent_; }

 private:
  Extent extent_{1, 1};
};

Value sequence(std::vector<Value> items, bool is_tuple) {
  ExtentOfParts parts;
  for (const Value& item : items) parts.add(item);
  return Value(
      Value::Data(std::make_shared<const Sequence>(Sequence{std::move(items), is_tuple, parts.extent()})));
}

bool equal_items(const std::vector<Value>& left, const std::vector<Value>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), equal);
}

bool equal_entries(const Dict& left, const Dict& right) {
  if (left.entries.size() != right.entries.size()) return false;
  return std::ranges::all_of(left.entries, [&](const auto& entry) {
    const Value* other = right.find(entry.first);
    return other && equal(entry.second, *other);
  });
}

}  // namespace

const Value* Dict::find(std::string_view key) const {
  for (const auto& entry : entries) {
    if (entry.first == key) return &entry.second;
  }
  return nullptr;
}

Value Value::list(std::vector<Value> items) { return sequence(std::move(items), false); }
Value Value::tuple(std::vector<Value> items) { return sequence(std::move(items), true); }

Value Value::dict(std::vector<std::pair<std::string, Value>> entries) {
  ExtentOfParts parts;
  for (const auto& entry : entries) parts.add(entry.second, entry.first.size());
  return Value(Data(std::make_shared<const Dict>(Dict{std::move(entries), parts.extent()})));
}

bool Value::truthy() const {
  if (is_undefined() || is_none()) return false;
  if (is_number()) return number() != 0;
  if (is_text()) return !str().empty();
  if (is_list()) return !items().empty();
  if (is_dict()) return !object().entries.empty();
  return true;
}

Extent Value::extent() const {
  if (is_text()) return {0, str().size() + 1};
  if (is_list()) return as<List>()->extent;
  if (is_dict()) return object().extent;
  return {};
}

std::string_view Value::type_name() const {
  if (is_undefined()) return "Undefined";
  if (is_none()) return "NoneType";
  if (is<bool>()) return "bool";
  if (is<int64_t>()) return "int";
  if (is<double>()) return "float";
  if (is_text()) return "str";
  if (is_list()) return as<List>()->is_tuple ? "tuple" : "list";
  if (is_dict()) return "dict";
  if (is<Function>()) return "function";
  if (is<std::shared_ptr<Cycler>>()) return "Cycler";
  return is<std::shared_ptr<const MacroInScope>>() ? "Macro"
         : is<std::shared_ptr<Namespace>>()        ? "Namespace"
                                                   : "LoopContext";
}

void check_weight(double bytes) {
  if (bytes > static_cast<double>(kMaxWeight)) throw Fault("a value larger than 64 MiB");
}

bool equal(const Value& left, const Value& right) {
  if (left.is_number() && right.is_number()) {
    if (left.is_integral() && right.is_integral()) return left.integral() == right.integral();
    return left.number() == right.number();
  }
  if (left.is_text() && right.is_text()) return left.str() == right.str();
  if (left.is_list() && right.is_list()) {
    return left.type_name() == right.type_name() && equal_items(left.items(), right.items());
  }
  if (left.is_dict() && right.is_dict()) return equal_entries(left.object(), right.object());
  if (left.is_undefined() || left.is_none()) return left.type_name() == right.type_name();
  using SharedMacro = std::shared_ptr<const MacroInScope>;
  if (left.is<SharedMacro>() && right.is<SharedMacro>())
    return left.as<SharedMacro>() == right.as<SharedMacro>();
  return false;
}

bool less(const Value& left, const Value& right) {
  if (left.is_integral() && right.is_integral()) return left.integral() < right.integral();
  if (left.is_number() && right.is_number()) return left.number() < right.number();
  // UTF-8 sorts like the code points it encodes.
  if (left.is_text() && right.is_text()) return left.str() < right.str();
  if (left.is_list() && right.is_list() && left.type_name() == right.type_name()) {
    return std::lexicographical_compare(left.items().begin(), left.items().end(), right.items().begin(),
                                        right.items().end(), less);
  }
  throw Fault("can't order '" + std::string(left.type_name()) + "' and '" + std::string(right.type_name()) +
              "'");
}

bool contains(const Value& haystack, const Value& needle) {
  if (haystack.is_text()) {
    if (!needle.is_text()) {
      throw Fault("'in <string>' requires a string, not '" + std::string(needle.type_name()) + "'");
    }
    return haystack.str().find(needle.str()) != std::string::npos;
  }
  if (haystack.is_dict()) return needle.is_text() && haystack.object().find(needle.str());
  const std::vector<Value> items = iterate(haystack);
  return std::ranges::any_of(items, [&](const Value& item) { return equal(item, needle); });
}

std::vector<Value> iterate(const Value& value) {
  if (value.is_list()) return value.items();
  std::vector<Value> items;
  if (value.is_dict()) {
    for (const auto& entry : value.object().entries) items.push_back(Value::text(entry.first));
  } else if (value.is_text()) {
    const std::string& text = value.str();
    for (size_t at = 0; at < text.size();) {
      const size_t bytes = utf8_char_at(text, at).bytes;
      items.push_back(Value::text(text.substr(at, bytes)));
      at += bytes;
    }
  } else if (!value.is_undefined()) {
    throw Fault("'" + std::string(value.type_name()) + "' is not iterable");
  }
  return items;
}

Value from_json(const nlohmann::ordered_json& json) {
  if (json.is_null()) return Value::none();
  if (json.is_boolean()) return Value::boolean(json.get<bool>());
  if (json.is_number_float()) return Value::real(json.get<double>());
  if (json.is_number()) {
    if (json.is_number_unsigned() && json.get<uint64_t>() > INT64_MAX) throw Fault("an integer beyond 2^63");
    return Value::integer(json.get<int64_t>());
  }
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    return Value::text(valid_utf8_prefix(text) == text.size() ? text : repaired_utf8(text));
  }
  if (json.is_array()) {
    std::vector<Value> items;
    for (const auto& item : json) items.push_back(from_json(item));
    return Value::list(std::move(items));
  }
  if (!json.is_object()) throw Fault("binary data in JSON");
  std::vector<std::pair<std::string, Value>> entries;
  for (const auto& [key, item] : json.items()) entries.emplace_back(key, from_json(item));
  return Value::dict(std::move(entries));
}

}  // namespace deepscaler::jinja
