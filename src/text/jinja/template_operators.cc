#include "text/jinja/template_operators.h"

#include <algorithm>
#include <cmath>

#include "text/jinja/python_text.h"
#include "text/jinja/template_builtins.h"

namespace deepscaler::jinja {
namespace {

[[noreturn]] void wrong_types(std::string_view name, const Value& left, const Value& right) {
  throw Fault("unsupported operand types for " + std::string(name) + ": '" + std::string(left.type_name()) +
              "' and '" + std::string(right.type_name()) + "'");
}

int64_t power(int64_t base, int64_t exponent) {
  int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result))
      throw Fault("an integer beyond 64 bits");
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) throw Fault("an integer beyond 64 bits");
  }
  return result;
}

// Quotient and remainder rounded towards minus infinity.
int64_t floor_quotient(int64_t left, int64_t right) {
  if (right == 0) throw Fault("division by zero");
  int64_t result = 0;
  if (right == -1) {
    if (__builtin_sub_overflow(int64_t{0}, left, &result)) throw Fault("an integer beyond 64 bits");
    return result;
  }
  const bool rounds_down = left % right != 0 && (left < 0) != (right < 0);
  return left / right - (rounds_down ? 1 : 0);
}
int64_t floor_remainder(int64_t left, int64_t right) {
  if (right == 0) throw Fault("division by zero");
  if (right == -1) return 0;
  const int64_t rest = left % right;
  return rest != 0 && (rest < 0) != (right < 0) ? rest + right : rest;
}

Value integer_operation(std::string_view name, int64_t left, int64_t right) {
  int64_t result = 0;
  bool overflows = false;
  if (name == "+") {
    overflows = __builtin_add_overflow(left, right, &result);
  } else if (name == "-") {
    overflows = __builtin_sub_overflow(left, right, &result);
  } else if (name == "*") {
    overflows = __builtin_mul_overflow(left, right, &result);
  } else if (name == "//") {
    result = floor_quotient(left, right);
  } else if (name == "%") {
    result = floor_remainder(left, right);
  } else if (right >= 0) {
    result = power(left, right);
  } else {
    return Value::real(std::pow(static_cast<double>(left), static_cast<double>(right)));
  }
  if (overflows) throw Fault("an integer beyond 64 bits");
  return Value::integer(result);
}

Value real_operation(std::string_view name, double left, double right) {
  if (name == "+") return Value::real(left + right);
  if (name == "-") return Value::real(left - right);
  if (name == "*") return Value::real(left * right);
  if (name == "**") return Value::real(std::pow(left, right));
  if (right == 0) throw Fault("division by zero");
  if (name == "/") return Value::real(left / right);
  if (name == "//") return Value::real(std::floor(left / right));
  const double rest = std::fmod(left, right);
  return Value::real(rest != 0 && (rest < 0) != (right < 0) ? rest + right : rest);
}

Value repeated(const Value& value, int64_t times) {
  const auto count = static_cast<size_t>(std::max<int64_t>(times, 0));
  check_weight(static_cast<double>(value.extent().weight) * static_cast<double>(count));
  if (value.is_text()) {
    std::string text;
    for (size_t i = 0; i < count; ++i) text += value.str();
    return Value::text(std::move(text));
  }
  std::vector<Value> items;
  for (size_t i = 0; i < count; ++i) items.insert(items.end(), value.items().begin(), value.items().end());
  return value.as<Value::List>()->is_tuple ? Value::tuple(std::move(items)) : Value::list(std::move(items));
}

Value concatenated(const Value& left, const Value& right) {
  check_weight(static_cast<double>(left.extent().weight) + static_cast<double>(right.extent().weight));
  if (left.is_text()) return Value::text(left.str() + right.str());
  std::vector<Value> items = left.items();
  items.insert(items.end(), right.items().begin(), right.items().end());
  return left.as<Value::List>()->is_tuple ? Value::tuple(std::move(items)) : Value::list(std::move(items));
}

// The positions that Python's slice(start, stop, step) selects of `size`.
std::vector<size_t> slice_positions(const Value& start, const Value& stop, const Value& step, int64_t size) {
  const auto given = [](const Value& part) { return !part.is_undefined() && !part.is_none(); };
  for (const Value* part : {&start, &stop, &step}) {
    if (given(*part) && !part->is_integral()) throw Fault("slice indices must be integers");
  }
  const int64_t stride = given(step) ? step.integral() : 1;
  if (stride == 0) throw Fault("slice step cannot be zero");
  const int64_t lowest = stride > 0 ? 0 : -1;
  const int64_t highest = stride > 0 ? size : size - 1;
  const auto bound = [&](const Value& part, int64_t otherwise) {
    if (!given(part)) return otherwise;
    const int64_t index = part.integral();
    return std::clamp(index < 0 ? index + size : index, lowest, highest);
  };
  const int64_t end = bound(stop, stride > 0 ? highest : lowest);
  std::vector<size_t> positions;
  for (int64_t i = bound(start, stride > 0 ? lowest : highest); stride > 0 ? i < end : i > end;) {
    positions.push_back(static_cast<size_t>(i));
    if (__builtin_add_overflow(i, stride, &i)) break;
  }
  return positions;
}

}  // namespace

Value binary_operation(std::string_view name, const Value& left, const Value& right) {
  if (name == "~") return concatenated(Value::text(to_text(left)), Value::text(to_text(right)));
  for (const Value* side : {&left, &right}) {
    if (side->is_undefined()) throw Fault(side->as<Undefined>().message);
  }
  if (left.is_number() && right.is_number()) {
    const bool exact = left.is_integral() && right.is_integral() && name != "/";
    return exact ? integer_operation(name, left.integral(), right.integral())
                 : real_operation(name, left.number(), right.number());
  }
  if (name == "+" && ((left.is_text() && right.is_text()) ||
                      (left.is_list() && right.is_list() && left.type_name() == right.type_name()))) {
    return concatenated(left, right);
  }
  if (name == "*") {
    if ((left.is_text() || left.is_list()) && right.is_integral()) return repeated(left, right.integral());
    if ((right.is_text() || right.is_list()) && left.is_integral()) return repeated(right, left.integral());
  }
  if (name == "%" && left.is_text()) return Value::text(percent_format(left.str(), right));
  wrong_types(name, left, right);
}

Value sign_operation(std::string_view name, const Value& value) {
  if (!value.is_number())
    throw Fault("bad operand type for " + std::string(name) + ": '" + std::string(value.type_name()) + "'");
  if (name == "+") return value;
  if (value.is<double>()) return Value::real(-value.as<double>());
  return integer_operation("-", 0, value.integral());
}

bool compare(std::string_view name, const Value& left, const Value& right) {
  if (name == "==") return equal(left, right);
  if (name == "!=") return !equal(left, right);
  if (name == "in") return contains(right, left);
  if (name == "not in") return !contains(right, left);
  for (const Value* side : {&left, &right}) {
    if (side->is_undefined()) throw Fault(side->as<Undefined>().message);
  }
  if (name == "<") return less(left, right);
  if (name == ">") return less(right, left);
  return name == "<=" ? less(left, right) || equal(left, right) : less(right, left) || equal(left, right);
}

Value slice(const Value& value, const Value& start, const Value& stop, const Value& step) {
  if (value.is_undefined()) throw Fault(value.as<Undefined>().message);
  if (!value.is_text() && !value.is_list())
    throw Fault("'" + std::string(value.type_name()) + "' can't be sliced");
  const std::vector<Value> parts = iterate(value);
  std::vector<Value> chosen;
  for (const size_t at : slice_positions(start, stop, step, static_cast<int64_t>(parts.size()))) {
    chosen.push_back(parts[at]);
  }
  if (value.is_list()) {
    return value.as<Value::List>()->is_tuple ? Value::tuple(std::move(chosen))
                                             : Value::list(std::move(chosen));
  }
  std::string text;
  for (const Value& character : chosen) text += character.str();
  return Value::text(std::move(text));
}

}  // namespace deepscaler::jinja
