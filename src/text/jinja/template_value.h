// The values of chat templates: what Jinja gets from Python, as far as templates use it.
//
// Strings, lists and dicts never change once made, so copies share them. Only a namespace's attributes
// change, and a namespace can't be put inside another value, so values form no cycles. The depth of nesting
// is bounded. So is the size of a value when it is written out: a list that holds one list twice doubles with
// every level.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace deepscaler::jinja {

class Value;
struct Macro;  // template_syntax.h

// A fault of the template or of the values given to it; the evaluator adds the line.
class Fault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Undefined {
  std::string message;  // of the error when the value is used in another way than printing or testing it
};
struct None {};
// One of the functions that every template finds by name (template_builtins.h).
struct Function {
  std::string_view name;
};

// How much is in a value: levels of lists and dicts, and bytes of text and items in all.
struct Extent {
  int depth = 0;
  size_t weight = 1;
};

struct Sequence {
  std::vector<Value> items;
  bool is_tuple = false;
  Extent extent;
};

// Keys in the order in which they came.
struct Dict {
  std::vector<std::pair<std::string, Value>> entries;
  Extent extent;

  [[nodiscard]] const Value* find(std::string_view key) const;
};

// namespace(): the one thing that a loop can change outside itself.
struct Namespace {
  std::map<std::string, Value, std::less<>> attributes;
};

// What `loop` is in a for block.
struct Loop;

// A macro and its scope: the names at the place where the macro is made, with their values when it is called.
struct Frame;  // template_evaluator.cc
struct MacroInScope {
  const Macro* macro;
  std::shared_ptr<Frame> scope;
};

// cycler() and joiner(): the one thing beside namespaces that changes.
struct Cycler {
  std::vector<Value> items;
  size_t at = 0;
  bool is_joiner = false;  // a call gives nothing once, then items[0]
};

class Value {
 public:
  using Text = std::shared_ptr<const std::string>;
  using List = std::shared_ptr<const Sequence>;
  using Object = std::shared_ptr<const Dict>;
  using Data = std::variant<Undefined, None, bool, int64_t, double, Text, List, Object,
                            std::shared_ptr<Namespace>, std::shared_ptr<const Loop>,
                            std::shared_ptr<const MacroInScope>, std::shared_ptr<Cycler>, Function>;

  Value() : data_(Undefined{}) {}
  explicit Value(Data data) : data_(std::move(data)) {}

  static Value undefined(std::string message) { return Value(Undefined{std::move(message)}); }
  static Value none() { return Value(None{}); }
  static Value boolean(bool value) { return Value(Data(value)); }
  static Value integer(int64_t value) { return Value(Data(value)); }
  static Value real(double value) { return Value(Data(value)); }
  static Value text(std::string value) {
    return Value(Data(std::make_shared<const std::string>(std::move(value))));
  }
  static Value list(std::vector<Value> items);  // throws Fault where it would nest too deep or hold too much
  static Value tuple(std::vector<Value> items);
  static Value dict(std::vector<std::pair<std::string, Value>> entries);

  template <typename T>
  [[nodiscard]] bool is() const {
    return std::holds_alternative<T>(data_);
  }
  template <typename T>
  [[nodiscard]] const T& as() const {
    return std::get<T>(data_);
  }
  [[nodiscard]] bool is_undefined() const { return is<Undefined>(); }
  [[nodiscard]] bool is_none() const { return is<None>(); }
  [[nodiscard]] bool is_text() const { return is<Text>(); }
  [[nodiscard]] bool is_list() const { return is<List>(); }
  [[nodiscard]] bool is_dict() const { return is<Object>(); }
  // Integers and truth values, which count as 0 and 1.
  [[nodiscard]] bool is_integral() const { return is<int64_t>() || is<bool>(); }
  [[nodiscard]] bool is_number() const { return is_integral() || is<double>(); }

  [[nodiscard]] const std::string& str() const { return *as<Text>(); }
  [[nodiscard]] const std::vector<Value>& items() const { return as<List>()->items; }
  [[nodiscard]] const Dict& object() const { return *as<Object>(); }
  [[nodiscard]] int64_t integral() const { return is<bool>() ? as<bool>() : as<int64_t>(); }
  [[nodiscard]] double number() const {
    return is<double>() ? as<double>() : static_cast<double>(integral());
  }

  [[nodiscard]] bool truthy() const;
  [[nodiscard]] Extent extent() const;
  // Python's name of the type, for errors.
  [[nodiscard]] std::string_view type_name() const;

 private:
  Data data_;
};

struct Loop {
  int64_t index0 = 0;
  int64_t length = 0;
  Value previous;  // undefined at the ends
  Value next;
  std::shared_ptr<std::optional<Value>> changed;  // what loop.changed() was given last, in all rounds
};

// The longest text and the weightiest value that a template may make.
inline constexpr size_t kMaxWeight = size_t{64} << 20;
// Throws Fault where a text of `bytes` bytes would be longer.
void check_weight(double bytes);

// Python's ==, and < for numbers, strings and sequences (throws Fault for others).
[[nodiscard]] bool equal(const Value& left, const Value& right);
[[nodiscard]] bool less(const Value& left, const Value& right);

// Python's `needle in haystack`. Throws Fault where the haystack can hold nothing.
[[nodiscard]] bool contains(const Value& haystack, const Value& needle);

// Python's str() and repr(). Undefined prints as nothing.
[[nodiscard]] std::string to_text(const Value& value);
[[nodiscard]] std::string to_repr(const Value& value);

// What a for loop goes through: a list's items, a dict's keys, a string's characters, nothing for an
// undefined value. Throws Fault for what can't be iterated over.
[[nodiscard]] std::vector<Value> iterate(const Value& value);

[[nodiscard]] Value from_json(const nlohmann::ordered_json& json);

struct JsonStyle {
  std::optional<int64_t> indent;
  bool ascii_only = false;
  bool sort_keys = false;
  std::optional<std::pair<std::string, std::string>> separators =
      {};  // of items, and of a key from its value
};
// Python's json.dumps as transformers' `tojson` filter calls it. Throws Fault for what JSON lacks.
[[nodiscard]] std::string to_json(const Value& value, const JsonStyle& style);

}  // namespace deepscaler::jinja
