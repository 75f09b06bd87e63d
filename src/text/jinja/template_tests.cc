// Tests: `value is name(arguments)`.
#include <algorithm>
#include <utility>

#include "text/jinja/python_text.h"
#include "text/jinja/template_builtins.h"

namespace deepscaler::jinja {
namespace {

using Test = bool (*)(const Value&, const Arguments&);

const Value& other(const Arguments& arguments) {
  if (arguments.positional.empty()) throw Fault("a test lacks what to compare with");
  return arguments.positional[0];
}

int64_t remainder(const Value& value, int64_t divisor) {
  if (!value.is_integral()) throw Fault("a test of divisibility needs an integer");
  if (divisor == 0) throw Fault("division by zero");
  return divisor == -1 ? 0 : value.integral() % divisor;
}

// Python's str.islower and str.isupper, for letters with a case of their own.
bool has_case(const Value& value, std::string (*map)(std::string_view),
              std::string (*opposite)(std::string_view)) {
  const std::string text = to_text(value);
  return map(text) == text && opposite(text) != text;
}

bool is_sequence(const Value& value, const Arguments&) {
  return value.is_text() || value.is_list() || value.is_dict();
}

// Python's `is`, where it is certain: for none, truth values and what is shared.
bool same_object(const Value& value, const Arguments& arguments) {
  const Value& with = other(arguments);
  if (value.type_name() != with.type_name()) return false;
  if (value.is_list()) return value.as<Value::List>() == with.as<Value::List>();
  if (value.is_dict()) return value.as<Value::Object>() == with.as<Value::Object>();
  return equal(value, with);
}

struct NamedTest {
  std::string_view name;
  Test test;
};

constexpr NamedTest kTests[] = {
    {"boolean", [](const Value& v, const Arguments&) { return v.is<bool>(); }},
    {"callable",
     [](const Value& v, const Arguments&) {
       return v.is<std::shared_ptr<const MacroInScope>>() || v.is<Function>();
     }},
    {"defined", [](const Value& v, const Arguments&) { return !v.is_undefined(); }},
    {"divisibleby",
     [](const Value& v, const Arguments& a) {
       if (!other(a).is_integral()) throw Fault("a test of divisibility needs an integer");
       return remainder(v, other(a).integral()) == 0;
     }},
    {"eq", [](const Value& v, const Arguments& a) { return equal(v, other(a)); }},
    {"even", [](const Value& v, const Arguments&) { return remainder(v, 2) == 0; }},
    {"false", [](const Value& v, const Arguments&) { return v.is<bool>() && !v.as<bool>(); }},
    {"filter", [](const Value& v, const Arguments&) { return v.is_text() && is_filter(v.str()); }},
    {"float", [](const Value& v, const Arguments&) { return v.is<double>(); }},
    {"ge", [](const Value& v, const Arguments& a) { return !less(v, other(a)); }},
    {"gt", [](const Value& v, const Arguments& a) { return less(other(a), v); }},
    {"in", [](const Value& v, const Arguments& a) { return contains(other(a), v); }},
    {"integer", [](const Value& v, const Arguments&) { return v.is<int64_t>(); }},
    {"iterable", [](const Value& v, const Arguments& a) { return v.is_undefined() || is_sequence(v, a); }},
    {"le", [](const Value& v, const Arguments& a) { return !less(other(a), v); }},
    {"lower", [](const Value& v, const Arguments&) { return has_case(v, lower, upper); }},
    {"lt", [](const Value& v, const Arguments& a) { return less(v, other(a)); }},
    {"mapping", [](const Value& v, const Arguments&) { return v.is_dict(); }},
    {"ne", [](const Value& v, const Arguments& a) { return !equal(v, other(a)); }},
    {"none", [](const Value& v, const Arguments&) { return v.is_none(); }},
    {"number", [](const Value& v, const Arguments&) { return v.is_number(); }},
    {"odd", [](const Value& v, const Arguments&) { return remainder(v, 2) != 0; }},
    {"sameas", same_object},
    {"sequence", is_sequence},
    {"string", [](const Value& v, const Arguments&) { return v.is_text(); }},
    {"test", [](const Value& v, const Arguments&) { return v.is_text() && is_test(v.str()); }},
    {"true", [](const Value& v, const Arguments&) { return v.is<bool>() && v.as<bool>(); }},
    {"undefined", [](const Value& v, const Arguments&) { return v.is_undefined(); }},
    {"upper", [](const Value& v, const Arguments&) { return has_case(v, upper, lower); }},
};

// select("==", x) and its like name tests by their operators.
std::string_view name_of_operator(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kOperators[] = {
      {"==", "eq"}, {"!=", "ne"},      {"<", "lt"},        {"<=", "le"},         {">", "gt"},
      {">=", "ge"}, {"equalto", "eq"}, {"lessthan", "lt"}, {"greaterthan", "gt"}};
  const auto found = std::ranges::find(kOperators, name, [](const auto& pair) { return pair.first; });
  return found == std::end(kOperators) ? name : found->second;
}

const NamedTest* find_test(std::string_view name) {
  name = name_of_operator(name);
  const auto found = std::ranges::find(kTests, name, &NamedTest::name);
  return found == std::end(kTests) ? nullptr : found;
}

}  // namespace

bool is_test(std::string_view name) { return find_test(name) != nullptr; }

bool apply_test(std::string_view name, const Value& value, const Arguments& arguments) {
  const NamedTest* test = find_test(name);
  if (!test) throw Fault("the test '" + std::string(name) + "' is not supported");
  return test->test(value, arguments);
}

}  // namespace deepscaler::jinja
