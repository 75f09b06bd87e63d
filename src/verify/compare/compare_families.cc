// Families of solutions, "pi/4 + k pi, k in Z": the parameter is bound by what it is said to be in, so its
// name does not matter, nor at which of its integers a family of numbers at equal distances begins.
#include <flint/fmpq_mat.h>

#include <algorithm>
#include <numeric>

#include "verify/algebra/evaluate.h"
#include "verify/compare/comparer.h"

namespace deepscaler {
namespace {

constexpr size_t kMaxParameters = 3;  // in all their orders
constexpr size_t kMaxMembers = 16;    // each with each
constexpr slong kMaxAffineBits = 256;

struct Family {
  Expr members;  // one expression, or a list of several
  std::vector<Parameter> parameters;
};

std::optional<Parameter> as_parameter(const Expr& expr) {
  const bool applies = is_relation(expr, Relation::element_of) && expr.args[0].op() == Op::symbol &&
                       (expr.args[1].op() == Op::reals || is_symbol(expr.args[1], SymbolKind::number_set));
  if (!applies) return std::nullopt;
  return Parameter{expr.args[0].name(), &expr.args[1]};
}

bool declares_parameter(const Expr& expr) {
  return expr.op() == Op::list && expr.args.size() > 1 && as_parameter(expr.args.back()).has_value();
}

// The expression without the parameters that are declared at its end, if its members have them all.
Family family_of(const Expr& expr) {
  Family plain{.members = expr, .parameters = {}}, family = plain;
  if (!declares_parameter(expr)) return plain;
  while (declares_parameter(family.members)) {
    family.members.args.pop_back();
    family.parameters.push_back(*as_parameter(expr.args[family.members.args.size()]));
    if (family.parameters.size() > kMaxParameters) return plain;
  }
  const std::set<std::string> symbols = free_symbols(family.members);
  for (const Parameter& parameter : family.parameters) {
    if (!symbols.contains(parameter.name)) return plain;
  }
  if (family.members.args.size() == 1) {
    Expr only = std::move(family.members.args[0]);
    family.members = std::move(only);
  }
  return family;
}

// The members with the parameters called as those of `like`, `order` saying which is which.
Expr renamed(const Family& family, const std::vector<Parameter>& like, const std::vector<size_t>& order) {
  Expr members = family.members;
  const auto passing = [](size_t i) { return "parameter " + std::to_string(i); };
  for (size_t i = 0; i < like.size(); ++i) {
    members = with_symbol(members, family.parameters[order[i]].name, make_symbol(passing(i)));
  }
  for (size_t i = 0; i < like.size(); ++i)
    members = with_symbol(members, passing(i), make_symbol(like[i].name));
  return members;
}

// offset + the parameters times the rows of `directions`, all numbers rational.
struct AffineMap {
  std::vector<Rational> offset;
  std::vector<std::vector<Rational>> directions;
};

// A tuple of expressions as such a map of its parameters; nothing where it is none.
std::optional<AffineMap> affine_map(const Family& family, Steps& steps) {
  if (family.members.op() != Op::tuple || family.members.args.size() > kMaxMembers) return std::nullopt;
  const auto is_short = [](const Value& value) {
    return value.status == Value::Status::exact && value.rational.bits() <= kMaxAffineBits;
  };
  AffineMap map;
  map.directions.resize(family.parameters.size());
  for (const Expr& coordinate : family.members.args) {
    if (!is_scalar(coordinate.op())) return std::nullopt;
    Evaluation at;
    for (const Parameter& parameter : family.parameters) at.point[parameter.name] = Rational(0);
    const auto value = [&] { return evaluate(coordinate, at, steps); };
    const Value offset = value();
    if (!is_short(offset)) return std::nullopt;
    Expr sum = make_number(offset.rational);
    for (size_t i = 0; i < family.parameters.size(); ++i) {
      const std::string& name = family.parameters[i].name;
      at.point[name] = Rational(1);
      Value step = value();
      at.point[name] = Rational(0);
      if (!is_short(step)) return std::nullopt;
      fmpq_sub(step.rational.get(), step.rational.get(), offset.rational.get());
      sum = add(std::move(sum), multiply(make_number(step.rational), make_symbol(name)));
      map.directions[i].push_back(std::move(step.rational));
    }
    if (compare_scalars(coordinate, sum, Policy{}, steps) != Match::equal) return std::nullopt;  // t^2
    map.offset.push_back(offset.rational);
  }
  return map;
}

slong rank_of(const std::vector<std::vector<Rational>>& rows) {
  fmpq_mat_t matrix;
  fmpq_mat_init(matrix, std::ssize(rows), std::ssize(rows.front()));
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < rows[i].size(); ++j)
      fmpq_set(fmpq_mat_entry(matrix, static_cast<slong>(i), static_cast<slong>(j)), rows[i][j].get());
  }
  const slong rank = fmpq_mat_rref(matrix, matrix);
  fmpq_mat_clear(matrix);
  return rank;
}

// Whether both run through the same line, plane or space, whatever their parameters.
bool is_same_flat(const AffineMap& a, const AffineMap& b) {
  if (a.offset.size() != b.offset.size()) return false;
  std::vector<std::vector<Rational>> all = a.directions;
  all.insert(all.end(), b.directions.begin(), b.directions.end());
  std::vector<Rational> apart = a.offset;
  for (size_t i = 0; i < apart.size(); ++i) fmpq_sub(apart[i].get(), apart[i].get(), b.offset[i].get());
  all.push_back(std::move(apart));
  const slong rank = rank_of(all);
  return rank_of(a.directions) == rank && rank_of(b.directions) == rank;
}

// In steps, of the handful of changed copies that a comparison makes.
int64_t cost_of_copy(const Expr& expr) { return 10 * std::ssize(to_text(expr)); }

std::vector<Expr> members_of(const Expr& expr) {
  return expr.op() == Op::list ? expr.args : std::vector<Expr>{expr};
}

const Expr& all_integers() {
  static const Expr kIntegers = make_symbol(SymbolKind::number_set, "Z");
  return kIntegers;
}

bool is_integers(const Expr* domain) { return domain != nullptr && same_tree(*domain, all_integers()); }

// The k of pi/6 + 2 k pi, of which nothing is said: angles with one of the customary names in them.
std::optional<std::string> implied_parameter(const Expr& expr) {
  if (!contains(expr, Op::pi) && !contains(expr, Op::degrees)) return std::nullopt;
  std::optional<std::string> found;
  for (const std::string& name : free_symbols(expr)) {
    if (name != "k" && name != "n" && name != "m") continue;
    if (found) return std::nullopt;
    found = name;
  }
  return found;
}

const Expr& value_of(const Expr& member) {
  const auto assignment = as_assignment(member);
  return assignment ? *assignment->value : member;
}

}  // namespace

// first + k step for all integers k, on both sides.
Match Comparer::progressions(const Expr& reference, const Expr& answer, const std::string& name) {
  const auto named = as_assignment(reference), given = as_assignment(answer);
  if (named && given && !same_tree(*named->name, *given->name)) return Match::different;
  const Expr &expected = value_of(reference), &value = value_of(answer);
  if (!steps_.spend(cost_of_copy(expected) + cost_of_copy(value))) return Match::unknown;
  if (!is_scalar(expected.op()) || !is_scalar(value.op())) return Match::different;
  const auto at = [&](const Expr& expr, slong k) { return with_symbol(expr, name, make_number(k)); };
  const auto step = [&](const Expr& expr) { return subtract(at(expr, 1), at(expr, 0)); };
  const auto is_even = [&](const Expr& expr) {
    return values(step(expr), subtract(at(expr, 2), at(expr, 1))) <= Match::numeric &&
           values(step(expr), subtract(at(expr, -4), at(expr, -5))) <= Match::numeric;
  };
  if (!is_even(expected) || !is_even(value)) return Match::different;
  const Expr distance = step(expected);
  if (!free_symbols(distance).empty() || values(make_number(0), distance) <= Match::numeric)
    return Match::different;
  const Match steps = either(values(distance, step(value)), values(distance, negate(step(value))));
  if (steps == Match::different) return steps;
  // The first members are a whole number of steps apart: cos(2 pi n) = 1.
  const Expr apart = divide(subtract(at(value, 0), at(expected, 0)), distance);
  const Expr turns = multiply(multiply(make_number(2), make_node(Op::pi)), apart);
  return both(steps, values(make_number(1), call(Function::cos, turns)));
}

// The same members, one to one.
Match Comparer::same_members(const Expr& reference, const Expr& answer, const Parameter& parameter) {
  const Match as_written = compare(reference, answer);
  if (as_written <= Match::numeric || !is_integers(parameter.domain)) return as_written;
  const std::vector<Expr> expected = members_of(reference), given = members_of(answer);
  if (expected.size() > kMaxMembers || given.size() > kMaxMembers) return as_written;
  if (!steps_.spend(4 * (cost_of_copy(reference) + cost_of_copy(answer)))) return Match::unknown;
  if (same_union(expected, given, parameter.name)) return Match::numeric;
  if (expected.size() != given.size()) return as_written;
  std::vector<bool> taken(given.size(), false);
  Match result = Match::equal;
  for (const Expr& member : expected) {
    Match best = Match::different;
    for (size_t i = 0; i < given.size() && best > Match::numeric; ++i) {
      if (taken[i]) continue;
      best = progressions(member, given[i], parameter.name);
      taken[i] = best <= Match::numeric;
    }
    result = both(result, best);
    if (result == Match::different) return as_written;
  }
  return result;
}

std::optional<Match> Comparer::families(const Expr& reference, const Expr& answer) {
  if (reference.op() == Op::number || answer.op() == Op::number) return std::nullopt;
  const auto expected_name = implied_parameter(reference);
  const bool declared = declares_parameter(reference) || declares_parameter(answer);
  if (!declared && !expected_name) return std::nullopt;
  const auto given_name = implied_parameter(answer);
  if (!declared) {
    if (!given_name) return std::nullopt;
    // One formula may be asked for "in terms of n"; only a list of several may begin anywhere.
    if (*expected_name != *given_name)
      return compare(reference, with_symbol(answer, *given_name, make_symbol(*expected_name)));
    const bool several = reference.op() == Op::list || answer.op() == Op::list;
    if (several && same_union(members_of(reference), members_of(answer), *expected_name))
      return Match::numeric;
    return std::nullopt;
  }
  Family expected = family_of(reference), given = family_of(answer);
  if (expected.parameters.empty() && given.parameters.empty()) return std::nullopt;
  const bool over_integers = given.parameters.size() == 1 && is_integers(given.parameters[0].domain);
  // 2 k pi alone may be a formula for one k.
  const bool is_offset = reference.op() == Op::list || value_of(reference).op() == Op::add;
  if (expected.parameters.empty() && expected_name && over_integers && is_offset)
    expected.parameters.push_back({*expected_name, &all_integers()});
  if (expected.parameters.empty()) {
    const bool other_name = expected_name && given_name && *expected_name != *given_name;
    return other_name ? Match::different : compare(expected.members, given.members);
  }
  if (given.parameters.empty()) {  // "k in Z" was dropped
    std::set<std::string> fixed = free_symbols(expected.members), names = free_symbols(given.members);
    for (const Parameter& parameter : expected.parameters) fixed.erase(parameter.name);
    std::erase_if(names, [&](const std::string& name) { return fixed.contains(name); });
    if (names.size() != expected.parameters.size()) return Match::different;
    for (const std::string& name : names) given.parameters.push_back({name, nullptr});
  }
  if (given.parameters.size() != expected.parameters.size()) return Match::different;
  std::set<std::string> others = free_symbols(given.members);
  for (const Parameter& parameter : given.parameters) others.erase(parameter.name);
  const bool captured = std::ranges::any_of(
      expected.parameters, [&](const Parameter& parameter) { return others.contains(parameter.name); });
  if (captured) return Match::different;  // (2s, 3 - t, s)
  const auto is_real = [](const Parameter& parameter) {
    return parameter.domain == nullptr || parameter.domain->op() == Op::reals;
  };
  if (std::ranges::all_of(expected.parameters, is_real) && std::ranges::all_of(given.parameters, is_real)) {
    const auto a = affine_map(expected, steps_), b = affine_map(given, steps_);
    if (a && b) return is_same_flat(*a, *b) ? Match::equal : Match::different;
  }
  std::vector<size_t> order(given.parameters.size());
  std::iota(order.begin(), order.end(), 0);
  Match best = Match::different;
  do {
    bool same_domains = true;
    for (size_t i = 0; i < order.size(); ++i) {
      const Expr* domain = given.parameters[order[i]].domain;
      same_domains =
          same_domains && (domain == nullptr || same_tree(*domain, *expected.parameters[i].domain));
    }
    if (!same_domains) continue;
    if (!steps_.spend(cost_of_copy(given.members))) return Match::unknown;
    const Expr members = renamed(given, expected.parameters, order);
    best = either(best, order.size() == 1 ? same_members(expected.members, members, expected.parameters[0])
                                          : compare(expected.members, members));
  } while (best > Match::numeric && std::ranges::next_permutation(order).found);
  return best;
}

}  // namespace deepscaler
