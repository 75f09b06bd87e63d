#include "verify/algebra/expr.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.h"

namespace deepscaler {
namespace {

// Sums and products of numbers fold into the first argument, others append.
Expr combine(Op op, Expr a, Expr b) {
  Expr result = a.op() == op ? std::move(a) : make_node(op);
  if (result.args.empty()) result.args.push_back(std::move(a));
  std::vector<Expr> more;
  if (b.op() == op) {
    more = std::move(b.args);
  } else {
    more.push_back(std::move(b));
  }
  for (Expr& arg : more) {
    Expr& last = result.args.back();
    if (arg.op() == Op::number && last.op() == Op::number &&
        arg.number().bits() + last.number().bits() < kMaxFoldedBits) {
      const auto fold = op == Op::add ? fmpq_add : fmpq_mul;
      fold(last.number().get(), last.number().get(), arg.number().get());
      if (arg.is_decimal()) last.set_decimal(true);
    } else {
      result.args.push_back(std::move(arg));
    }
  }
  if (result.args.size() > 1) return result;
  return Expr(std::move(result.args.front()));
}

void collect_symbols(const Expr& expr, std::set<std::string>& bound, std::set<std::string>& found) {
  if (expr.op() == Op::symbol && !bound.contains(expr.name())) found.insert(expr.name());
  if (is_unknown_call(expr)) found.insert(to_text(expr));
  if (binds_a_name(expr.op()) && expr.args.size() == 4) {
    collect_symbols(expr.args[1], bound, found);
    collect_symbols(expr.args[2], bound, found);
    const bool added = bound.insert(expr.args[0].name()).second;
    collect_symbols(expr.args[3], bound, found);
    if (added) bound.erase(expr.args[0].name());
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

std::string_view sign_of(Relation relation) {
  switch (relation) {
    case Relation::equal:
      return "=";
    case Relation::less:
      return "<";
    case Relation::greater:
      return ">";
    case Relation::at_most:
      return "<=";
    case Relation::at_least:
      return ">=";
    case Relation::not_equal:
      return "!=";
    case Relation::approximate:
      return "~";
    case Relation::element_of:
      return "in";
    case Relation::congruent:
      return "==";
    case Relation::modulus:
      return "mod";
  }
  return {};
}

std::string relation_text(const Expr& expr) {
  std::string result = to_text(expr.args[0]);
  for (size_t i = 1; i < expr.args.size(); ++i) {
    result += fmt::format(" {} {}", sign_of(expr.relations()[i - 1]), to_text(expr.args[i]));
  }
  return result;
}

std::string measure_text(const Measure& measure) {
  return fmt::format("{} {}", number_text(measure.factor),
                     measure.noun.empty() ? measure.dimension.to_text() : "#" + measure.noun);
}

std::string_view clock_text(Clock clock) {
  switch (clock) {
    case Clock::none:
      return "";
    case Clock::unmarked:
      return " o'clock";
    case Clock::am:
      return " am";
    case Clock::pm:
      return " pm";
  }
  return {};
}

// What the names of symbols begin with that are no variables.
std::string_view prefix_of(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::variable:
      return "";
    case SymbolKind::overlined:
      return "bar ";
    case SymbolKind::unit_vector:
      return "unit ";
    case SymbolKind::number_set:
      return "set ";
    case SymbolKind::dots:
      return "...";
  }
  return {};
}

bool holds_only_args(Op op) {
  switch (op) {
    case Op::number:
    case Op::symbol:
    case Op::call:
    case Op::quantity:
    case Op::based:
    case Op::word:
    case Op::choice:
    case Op::ratio:
    case Op::list:
    case Op::tuple:
    case Op::relation:
      return false;
    default:
      return true;
  }
}

}  // namespace

const Rational& Expr::number() const {
  const auto* based = std::get_if<Based>(&payload_);
  return based != nullptr ? based->value : std::get<Numeral>(payload_).value;
}

Rational& Expr::number() { return const_cast<Rational&>(std::as_const(*this).number()); }

bool Expr::is_decimal() const {
  const auto* numeral = std::get_if<Numeral>(&payload_);
  return numeral != nullptr && numeral->decimal;
}

const std::string& Expr::name() const {
  const auto* function = std::get_if<Call>(&payload_);
  return function != nullptr ? function->name : std::get<Symbol>(payload_).name;
}

std::string_view Expr::letters() const {
  const Symbol& symbol = std::get<Symbol>(payload_);
  return std::string_view(symbol.name).substr(prefix_of(symbol.kind).size());
}

Expr make_number(slong value) { return make_number(Rational(value)); }

Expr make_number(Rational value, bool decimal) {
  return {Op::number, Expr::Numeral{std::move(value), decimal}};
}

Expr make_symbol(std::string name) {
  return {Op::symbol, Expr::Symbol{std::move(name), SymbolKind::variable}};
}

Expr make_symbol(SymbolKind kind, std::string_view letters) {
  return {Op::symbol, Expr::Symbol{fmt::format("{}{}", prefix_of(kind), letters), kind}};
}

Expr make_call(std::string name, std::vector<Expr> args) {
  const Function function = function_of(name);
  return {Op::call, Expr::Call{function, std::move(name)}, std::move(args)};
}

Expr make_call(Function function, std::vector<Expr> args, std::string name) {
  if (name.empty()) name = name_of(function);
  return {Op::call, Expr::Call{function, std::move(name)}, std::move(args)};
}

Expr make_quantity(Expr value, Measure measure) {
  return {Op::quantity, std::move(measure), {std::move(value)}};
}

Expr make_based(std::string digits, Rational value) {
  return {Op::based, Expr::Based{std::move(digits), std::move(value)}};
}

Expr make_words(std::string text) { return {Op::word, Expr::Words{std::move(text)}}; }

Expr make_choice(char letter) { return {Op::choice, letter}; }

Expr make_ratio(std::vector<Expr> args, Clock clock) { return {Op::ratio, clock, std::move(args)}; }

Expr make_list(std::vector<Expr> args, Join join) { return {Op::list, join, std::move(args)}; }

Expr make_tuple(std::vector<Expr> args, Brackets brackets) { return {Op::tuple, brackets, std::move(args)}; }

Expr make_relation(Expr left, Relation sign, Expr right) {
  return make_relation({std::move(left), std::move(right)}, {sign});
}

Expr make_relation(std::vector<Expr> sides, std::vector<Relation> signs) {
  DEEPSCALER_CHECK(!signs.empty() && sides.size() == signs.size() + 1);
  return {Op::relation, std::move(signs), std::move(sides)};
}

Expr make_node(Op op, std::vector<Expr> args) {
  DEEPSCALER_CHECK(holds_only_args(op));
  return {op, Expr::Nothing{}, std::move(args)};
}

Expr add(Expr a, Expr b) { return combine(Op::add, std::move(a), std::move(b)); }

Expr multiply(Expr a, Expr b) { return combine(Op::multiply, std::move(a), std::move(b)); }

Expr negate(Expr a) {
  if (a.op() == Op::multiply && a.args[0].op() == Op::number) {
    fmpq_neg(a.args[0].number().get(), a.args[0].number().get());
    return a;
  }
  if (a.op() == Op::based) {
    auto& based = std::get<Expr::Based>(a.payload_);
    fmpq_neg(based.value.get(), based.value.get());
    based.digits.insert(based.digits.begin(), '-');
    return a;
  }
  if (a.op() == Op::matrix) {
    for (Expr& row : a.args) {
      for (Expr& element : row.args) element = negate(std::move(element));
    }
    return a;
  }
  if (a.op() == Op::percent || a.op() == Op::degrees || a.op() == Op::quantity) {
    a.args[0] = negate(std::move(a.args[0]));
    return a;
  }
  return multiply(make_number(-1), std::move(a));
}

Expr subtract(Expr a, Expr b) { return add(std::move(a), negate(std::move(b))); }

Expr power(Expr base, Expr exponent) { return make_node(Op::power, {std::move(base), std::move(exponent)}); }

Expr divide(Expr a, Expr b) {
  if (b.op() == Op::number && !b.number().is_zero()) {
    fmpq_inv(b.number().get(), b.number().get());
    return multiply(std::move(a), std::move(b));
  }
  return multiply(std::move(a), power(std::move(b), make_number(-1)));
}

Expr reciprocal(Expr a) { return power(std::move(a), make_number(-1)); }

Expr square(Expr a) { return power(std::move(a), make_number(2)); }

Expr square_root(Expr a) { return power(std::move(a), make_number(Rational(1, 2))); }

Expr imaginary_unit() { return make_node(Op::imaginary); }

Expr call(Function function, Expr argument) { return make_call(function, {std::move(argument)}); }

bool is_scalar(Op op) { return op < Op::word; }

bool binds_a_name(Op op) { return op >= Op::sum && op <= Op::limit; }

bool is_number(const Expr& expr, slong value) {
  return expr.op() == Op::number && expr.number() == Rational(value);
}

bool is_call(const Expr& expr, Function function) {
  return expr.op() == Op::call && expr.args.size() == 1 && expr.function() == function;
}

bool is_unknown_call(const Expr& expr) {
  return expr.op() == Op::call && expr.function() == Function::unknown;
}

bool is_symbol(const Expr& expr, std::string_view name) {
  return expr.op() == Op::symbol && expr.name() == name;
}

bool is_symbol(const Expr& expr, SymbolKind kind) {
  return expr.op() == Op::symbol && expr.symbol_kind() == kind;
}

bool is_list(const Expr& expr, Join join) { return expr.op() == Op::list && expr.join() == join; }

bool is_relation(const Expr& expr, Relation sign) {
  return expr.op() == Op::relation && expr.args.size() == 2 && expr.relations()[0] == sign;
}

bool has_only(const Expr& expr, std::initializer_list<Relation> signs) {
  return expr.op() == Op::relation && std::ranges::all_of(expr.relations(), [&](Relation sign) {
           return std::ranges::find(signs, sign) != signs.end();
         });
}

bool is_congruence(const Expr& expr) {
  return expr.op() == Op::relation && expr.relations().back() == Relation::modulus;
}

bool has_dimension(const Expr& expr) {
  return expr.op() == Op::quantity && !expr.measure().dimension.is_none();
}

bool is_measured_in(const Expr& expr, BaseUnit unit) {
  return expr.op() == Op::quantity && expr.measure().dimension == Dimension(unit);
}

bool same_tree(const Expr& a, const Expr& b) {
  return a.op_ == b.op_ && a.payload_ == b.payload_ && a.args.size() == b.args.size() &&
         std::equal(a.args.begin(), a.args.end(), b.args.begin(), same_tree);
}

bool contains(const Expr& expr, const std::function<bool(const Expr&)>& test) {
  return test(expr) || std::any_of(expr.args.begin(), expr.args.end(),
                                   [&](const Expr& arg) { return contains(arg, test); });
}

bool contains(const Expr& expr, Op op) {
  return expr.op() == op ||
         std::any_of(expr.args.begin(), expr.args.end(), [&](const Expr& arg) { return contains(arg, op); });
}

std::set<std::string> free_symbols(const Expr& expr) {
  std::set<std::string> bound, found;
  collect_symbols(expr, bound, found);
  return found;
}

std::string to_text(const Expr& expr) {
  const auto args = [&](std::string_view separator) { return join(expr.args, separator); };
  switch (expr.op()) {
    case Op::number:
      return number_text(expr.number()) + (expr.is_decimal() ? " (decimal)" : "");
    case Op::symbol:
      return expr.name();
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
      return fmt::format("{}({})", is_unknown_call(expr) ? expr.name() : name_of(expr.function()),
                         args(", "));
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
      return fmt::format("{} [{}]", args(""), measure_text(expr.measure()));
    case Op::based:
      return fmt::format("{} = {}", expr.digits(), number_text(expr.number()));
    case Op::word:
      return fmt::format("\"{}\"", expr.words());
    case Op::choice:
      return fmt::format("choice {}: {}", expr.letter(), args(""));
    case Op::ratio:
      return fmt::format("{}{}", args(" : "), clock_text(expr.clock()));
    case Op::list:
      return fmt::format("list({})", args(", "));
    case Op::set:
      return fmt::format("set{{{}}}", args(", "));
    case Op::tuple:
      return fmt::format("tuple{}{}{}", expr.brackets().low == Bound::closed ? '[' : '(', args(", "),
                         expr.brackets().high == Bound::closed ? ']' : ')');
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
  if (is_symbol(expr, name)) return value;
  const bool binds = binds_a_name(expr.op()) && expr.args.size() == 4 && expr.args[0].name() == name;
  for (size_t i = binds ? 1 : 0; i < (binds ? 3 : expr.args.size()); ++i) {
    expr.args[i] = with_symbol(std::move(expr.args[i]), name, value);
  }
  return expr;
}

}  // namespace deepscaler
