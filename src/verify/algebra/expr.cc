#include "verify/algebra/expr.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>

namespace deepscaler {
namespace {

// Sums and products of numbers fold into the first argument, others append.
Expr combine(Op op, Expr a, Expr b) {
  Expr result = a.op == op ? std::move(a) : make_node(op, {});
  if (result.args.empty()) result.args.push_back(std::move(a));
  std::vector<Expr> more;
  if (b.op == op) {
    more = std::move(b.args);
  } else {
    more.push_back(std::move(b));
  }
  for (Expr& arg : more) {
    Expr& last = result.args.back();
    if (arg.op == Op::number && last.op == Op::number &&
        arg.number.bits() + last.number.bits() < kMaxFoldedBits) {
      const auto fold = op == Op::add ? fmpq_add : fmpq_mul;
      fold(last.number.get(), last.number.get(), arg.number.get());
      last.decimal |= arg.decimal;
    } else {
      result.args.push_back(std::move(arg));
    }
  }
  if (result.args.size() > 1) return result;
  return Expr(std::move(result.args.front()));
}

void collect_symbols(const Expr& expr, std::set<std::string>& bound, std::set<std::string>& found) {
  if (expr.op == Op::symbol && !bound.contains(expr.text)) found.insert(expr.text);
  if (expr.op == Op::call && function_of(expr.text) == Function::unknown) found.insert(to_text(expr));
  if (binds_a_name(expr.op) && expr.args.size() == 4) {
    collect_symbols(expr.args[1], bound, found);
    collect_symbols(expr.args[2], bound, found);
    const bool added = bound.insert(expr.args[0].text).second;
    collect_symbols(expr.args[3], bound, found);
    if (added) bound.erase(expr.args[0].text);
    return;
  }
  for (const Expr& arg : expr.args) collect_symbols(arg, bound, found);
}

std::string number_text(const Rational& number) {
  const std::unique_ptr<char, void (*)(void*)> text(fmpq_get_str(nullptr, 10, number.get()),
                                                    [](void* memory) { flint_free(memory); });
  return text.get();
}

std::string join(const std::vector<Expr>& args, std::string_view separator) {
  std::string result;
  for (const Expr& arg : args) {
    if (!result.empty()) result += separator;
    result += to_text(arg);
  }
  return result;
}

std::string_view relation_sign(char letter) {
  switch (letter) {
    case '<':
      return "<";
    case '>':
      return ">";
    case 'L':
      return "<=";
    case 'G':
      return ">=";
    case 'N':
      return "!=";
    case '~':
      return "~";
    case 'E':
      return "in";
    case 'M':
      return "==";
    case 'm':
      return "mod";
    default:
      return "=";
  }
}

std::string relation_text(const Expr& expr) {
  std::string result = to_text(expr.args[0]);
  for (size_t i = 1; i < expr.args.size(); ++i) {
    result += fmt::format(" {} {}", relation_sign(expr.text[i - 1]), to_text(expr.args[i]));
  }
  return result;
}

}  // namespace

Expr make_number(slong value) { return make_number(Rational(value)); }

Expr make_number(Rational value, bool decimal) {
  return Expr{.op = Op::number, .decimal = decimal, .number = std::move(value)};
}

Expr make_symbol(std::string name) { return Expr{.op = Op::symbol, .text = std::move(name)}; }

Expr make_node(Op op, std::vector<Expr> args, std::string text) {
  return Expr{.op = op, .text = std::move(text), .args = std::move(args)};
}

Expr add(Expr a, Expr b) { return combine(Op::add, std::move(a), std::move(b)); }

Expr multiply(Expr a, Expr b) { return combine(Op::multiply, std::move(a), std::move(b)); }

Expr negate(Expr a) {
  if (a.op == Op::multiply && a.args[0].op == Op::number) {
    fmpq_neg(a.args[0].number.get(), a.args[0].number.get());
    return a;
  }
  if (a.op == Op::based) {
    fmpq_neg(a.number.get(), a.number.get());
    a.text.insert(a.text.begin(), '-');
    return a;
  }
  if (a.op == Op::matrix) {
    for (Expr& row : a.args) {
      for (Expr& element : row.args) element = negate(std::move(element));
    }
    return a;
  }
  if (a.op == Op::percent || a.op == Op::degrees || a.op == Op::quantity) {
    a.args[0] = negate(std::move(a.args[0]));
    return a;
  }
  return multiply(make_number(-1), std::move(a));
}

Expr subtract(Expr a, Expr b) { return add(std::move(a), negate(std::move(b))); }

Expr power(Expr base, Expr exponent) { return make_node(Op::power, {std::move(base), std::move(exponent)}); }

Expr divide(Expr a, Expr b) {
  if (b.op == Op::number && !b.number.is_zero()) {
    fmpq_inv(b.number.get(), b.number.get());
    return multiply(std::move(a), std::move(b));
  }
  return multiply(std::move(a), power(std::move(b), make_number(-1)));
}

Expr reciprocal(Expr a) { return power(std::move(a), make_number(-1)); }

Expr square(Expr a) { return power(std::move(a), make_number(2)); }

Expr square_root(Expr a) { return power(std::move(a), make_number(Rational(1, 2))); }

Expr imaginary_unit() { return make_node(Op::imaginary, {}); }

Expr call(std::string function, Expr argument) {
  return make_node(Op::call, {std::move(argument)}, std::move(function));
}

bool is_scalar(Op op) { return op < Op::word; }

bool binds_a_name(Op op) { return op >= Op::sum && op <= Op::limit; }

bool is_number(const Expr& expr, slong value) {
  return expr.op == Op::number && expr.number == Rational(value);
}

bool is_call(const Expr& expr, Function function) {
  return expr.op == Op::call && expr.args.size() == 1 && function_of(expr.text) == function;
}

bool same_tree(const Expr& a, const Expr& b) {
  return a.op == b.op && a.text == b.text && a.args.size() == b.args.size() && a.number == b.number &&
         std::equal(a.args.begin(), a.args.end(), b.args.begin(), same_tree);
}

bool contains(const Expr& expr, const std::function<bool(const Expr&)>& test) {
  return test(expr) || std::any_of(expr.args.begin(), expr.args.end(),
                                   [&](const Expr& arg) { return contains(arg, test); });
}

bool contains(const Expr& expr, Op op) {
  return expr.op == op ||
         std::any_of(expr.args.begin(), expr.args.end(), [&](const Expr& arg) { return contains(arg, op); });
}

std::set<std::string> free_symbols(const Expr& expr) {
  std::set<std::string> bound, found;
  collect_symbols(expr, bound, found);
  return found;
}

std::string to_text(const Expr& expr) {
  const auto args = [&](std::string_view separator) { return join(expr.args, separator); };
  switch (expr.op) {
    case Op::number:
      return number_text(expr.number) + (expr.decimal ? " (decimal)" : "");
    case Op::symbol:
      return expr.text;
    case Op::pi:
      return "pi";
    case Op::euler:
      return "e";
    case Op::imaginary:
      return "i";
    case Op::infinity:
      return "oo";
    case Op::sign:
      return "+-1";
    case Op::add:
      return fmt::format("({})", args(" + "));
    case Op::multiply:
      return fmt::format("({})", args(" * "));
    case Op::power:
      return fmt::format("{}^{}", to_text(expr.args[0]), to_text(expr.args[1]));
    case Op::call:
      return fmt::format("{}({})", expr.text, args(", "));
    case Op::sum:
      return fmt::format("sum({})", args(", "));
    case Op::product:
      return fmt::format("product({})", args(", "));
    case Op::integral:
      return fmt::format("integral({})", args(", "));
    case Op::limit:
      return fmt::format("limit({})", args(", "));
    case Op::percent:
      return args("") + "%";
    case Op::degrees:
      return args("") + " degrees";
    case Op::quantity:
      return fmt::format("{} [{} {}]", args(""), number_text(expr.number), expr.text);
    case Op::based:
      return fmt::format("{} = {}", expr.text, number_text(expr.number));
    case Op::word:
      return fmt::format("\"{}\"", expr.text);
    case Op::choice:
      return fmt::format("choice {}: {}", expr.text, args(""));
    case Op::ratio:
      return args(" : ") + expr.text;
    case Op::list:
      return fmt::format("list({})", args(", "));
    case Op::set:
      return fmt::format("set{{{}}}", args(", "));
    case Op::tuple:
      return fmt::format("tuple{}{}{}", expr.text.substr(0, 1), args(", "), expr.text.substr(1));
    case Op::matrix:
      return fmt::format("matrix[{}]", args(", "));
    case Op::cases:
      return fmt::format("cases({})", args(", "));
    case Op::relation:
      return relation_text(expr);
    case Op::set_union:
      return fmt::format("union({})", args(", "));
    case Op::set_intersection:
      return fmt::format("intersection({})", args(", "));
    case Op::set_difference:
      return fmt::format("difference({})", args(", "));
    case Op::reals:
      return "all reals";
  }
  return {};
}

Expr rewrite(Expr expr, const std::function<void(Expr&)>& change) {
  for (Expr& arg : expr.args) arg = rewrite(std::move(arg), change);
  change(expr);
  return expr;
}

Expr with_symbol(Expr expr, std::string_view name, const Expr& value) {
  if (expr.op == Op::symbol && expr.text == name) return value;
  const bool binds = binds_a_name(expr.op) && expr.args.size() == 4 && expr.args[0].text == name;
  for (size_t i = binds ? 1 : 0; i < (binds ? 3 : expr.args.size()); ++i) {
    expr.args[i] = with_symbol(std::move(expr.args[i]), name, value);
  }
  return expr;
}

}  // namespace deepscaler
