// Equations, inequalities and what is assigned to a name.
#include <algorithm>

#include "verify/algebra/functions.h"
#include "verify/algebra/normal_form.h"
#include "verify/compare/comparer.h"
#include "verify/compare/real_set.h"
#include "verify/latex/characters.h"

namespace deepscaler {
namespace {

bool is_capital(std::string_view name) { return name.size() == 1 && name[0] >= 'A' && name[0] <= 'Z'; }

// |AB|: the bars around two points.
bool is_length(const Expr& expr) {
  const auto is_point = [](const Expr& part) { return part.op() == Op::symbol && is_capital(part.name()); };
  return is_call(expr, Function::abs) && expr.args[0].op() == Op::multiply && expr.args[0].args.size() == 2 &&
         is_point(expr.args[0].args[0]) && is_point(expr.args[0].args[1]);
}

bool is_name(const Expr& expr) {
  if (is_left_open(expr)) return is_scalar(expr.op());
  if (is_call(expr, Function::max) || is_call(expr, Function::min)) return is_name(expr.args[0]);
  if (is_length(expr)) return true;
  if (expr.op() == Op::matrix) {
    return std::all_of(expr.args.begin(), expr.args.end(), [](const Expr& row) { return is_name(row); });
  }
  return expr.op() == Op::symbol || expr.op() == Op::word ||
         (expr.op() == Op::call && free_symbols(expr).contains(to_text(expr))) ||
         (expr.op() == Op::tuple && std::all_of(expr.args.begin(), expr.args.end(),
                                                [](const Expr& arg) { return arg.op() == Op::symbol; }));
}

bool is_equality_chain(const Expr& expr) { return has_only(expr, {Relation::equal, Relation::approximate}); }

Expr difference_of_sides(const Expr& relation, size_t at) {
  return subtract(relation.args[at], relation.args[at + 1]);
}

bool scalar_sides(const Expr& relation) {
  return std::all_of(relation.args.begin(), relation.args.end(),
                     [](const Expr& arg) { return is_scalar(arg.op()); });
}

// f(t) = ... with its argument renamed to that of f(x) = ...
Expr renamed(const Expr& definition, const Expr& like) {
  const Expr &name = definition.args[0], &target = like.args[0];
  const bool applies = name.op() == Op::call && target.op() == Op::call && name.name() == target.name() &&
                       name.args.size() == 1 && target.args.size() == 1 && name.args[0].op() == Op::symbol &&
                       target.args[0].op() == Op::symbol;
  if (!applies) return definition;
  const std::string from = name.args[0].name(), to = target.args[0].name();
  if (contains(definition, [&](const Expr& part) { return is_symbol(part, to); })) return definition;
  return with_symbol(definition, from, make_symbol(to));
}

// x and x_1: the first of several values of x.
bool is_one_of_several(const Expr& name, const Expr& indexed) {
  return name.op() == Op::symbol && indexed.op() == Op::symbol &&
         indexed.name().starts_with(name.name() + "_") &&
         indexed.name().find_first_not_of("0123456789", name.name().size() + 1) == std::string::npos;
}

// y = 2x, W = 2x, a_n = 2n and f(x) = 2x, W(x) = 2x, a(n) = 2n say the same.
bool names_of_one_function(const Expr& a, const Expr& b) {
  const auto names = [](const Expr& name, const Expr& function) {
    if (name.op() != Op::symbol || !is_unknown_call(function)) return false;
    const bool indexed = function.args.size() == 1 && function.args[0].op() == Op::symbol &&
                         name.name() == function.name() + "_" + function.args[0].name();
    return name.name() == "y" || name.name() == function.name() || indexed;
  };
  return names(a, b) || names(b, a);
}

// The A^{-1}, AB, A + B or 2A^T that a matrix is said to be.
bool is_matrix_name(const Expr& expr) {
  if (expr.op() == Op::symbol) return is_capital(expr.name());
  if (expr.op() == Op::multiply || expr.op() == Op::add) {
    const auto is_part = [](const Expr& arg) { return arg.op() == Op::number || is_matrix_name(arg); };
    return std::ranges::all_of(expr.args, is_part) && std::ranges::any_of(expr.args, is_matrix_name);
  }
  if (expr.op() != Op::power || !is_matrix_name(expr.args[0])) return false;
  const Expr& exponent = expr.args[1];
  return exponent.op() == Op::number || exponent.op() == Op::symbol;
}

bool names_a_matrix(const Expr& relation) {
  return relation.args.size() == 2 && relation.args[1].op() == Op::matrix && is_matrix_name(relation.args[0]);
}

// "5 is the answer" says it, "5 is wrong" and "not x = 5" do not.
bool says_its_value(const Expr& name, bool value_first) {
  if (name.op() != Op::word && name.op() != Op::symbol) return true;
  constexpr std::string_view kDenials[] = {
      " not ",     " no ",  " wrong ",      " incorrect ", " false ",  " never ",       " isn ",
      " neither ", " nor ", " impossible ", " unlike ",    " untrue ", " incorrectly ", " without "};
  const std::string& text = name.op() == Op::word ? name.words() : name.name();
  const std::string padded = " " + lower(text) + " ";
  const auto denies = [&](std::string_view word) { return padded.find(word) != padded.npos; };
  if (std::ranges::any_of(kDenials, denies)) return false;
  if (!value_first) return true;
  constexpr std::string_view kNames[] = {"answer", "result", "solution", "value", "total", "alpha", "beta",
                                         "gamma",  "delta",  "epsilon",  "zeta",  "eta",   "theta", "iota",
                                         "kappa",  "lambda", "mu",       "nu",    "xi",    "rho",   "sigma",
                                         "tau",    "phi",    "chi",      "psi",   "omega", "ell",   "hbar"};
  const auto ends = [&](std::string_view word) { return text.ends_with(word); };
  const bool wordy = name.op() == Op::word || (text.size() > 1 && std::ranges::all_of(text, [](char c) {
                                                 return (c >= 'a' && c <= 'z') || c == ' ';
                                               }));
  return !wordy || std::ranges::any_of(kNames, ends);
}

// "x \in (1, 2)" says that the brackets are an interval.
bool is_membership(const Expr& expr) { return is_relation(expr, Relation::element_of); }

enum class Direction : uint8_t { up, down, none };

Direction direction_of(Relation sign) {
  if (sign == Relation::less || sign == Relation::at_most) return Direction::up;
  return sign == Relation::not_equal ? Direction::none : Direction::down;
}

bool is_strict(Relation sign) { return sign == Relation::less || sign == Relation::greater; }

}  // namespace

std::optional<Assignment> as_assignment(const Expr& expr) {
  if (!is_relation(expr, Relation::equal) && !is_relation(expr, Relation::approximate)) return std::nullopt;
  if (is_name(expr.args[0])) return Assignment{&expr.args[0], &expr.args[1]};
  if (is_name(expr.args[1]) && free_symbols(expr.args[0]).empty())
    return Assignment{&expr.args[1], &expr.args[0]};
  return std::nullopt;
}

bool is_inequality(const Expr& expr) {
  return has_only(
      expr, {Relation::less, Relation::greater, Relation::at_most, Relation::at_least, Relation::not_equal});
}

bool is_surely_interval(const Expr& expr) {
  if (expr.op() == Op::set_union || expr.op() == Op::reals || expr.op() == Op::set_difference ||
      expr.op() == Op::set_intersection) {
    return true;
  }
  if (expr.op() != Op::tuple || expr.args.size() != 2) return false;
  return expr.brackets() != Brackets{} || contains(expr.args[0], Op::infinity) ||
         contains(expr.args[1], Op::infinity);
}

Match Comparer::relations(const Expr& reference, const Expr& answer) {
  if (reference.op() == Op::relation && answer.op() == Op::relation) return two_relations(reference, answer);
  return reference.op() == Op::relation ? relation_as_reference(reference, answer)
                                        : relation_as_answer(reference, answer);
}

// Any side of 0.56 = 56\% will do.
Match Comparer::any_side(const Expr& relation, const Expr& answer) {
  Match result = Match::different;
  for (size_t i = 0; i < relation.args.size(); ++i) {
    if (i == 0 && is_name(relation.args[0])) continue;
    result = either(result, compare(relation.args[i], answer));
    if (result <= Match::numeric) break;
  }
  return result;
}

// An answer of several equal sides must have all of them right; what is only approximately equal
// must be near.
Match Comparer::all_sides(const Expr& reference, const Expr& relation, size_t first) {
  while (first + 1 < relation.args.size() && is_left_open(relation.args[first]) && !is_left_open(reference))
    ++first;
  Match result = compare(reference, relation.args[first]);
  for (size_t i = first + 1; i < relation.args.size() && result <= Match::numeric; ++i) {
    if (relation.relations()[i - 1] == Relation::equal) {
      result = both(result, compare(reference, relation.args[i]));
    } else if (is_scalar(relation.args[i].op())) {
      Policy coarse = policy_;
      coarse.decimal_places = 1;
      if (Comparer(coarse, steps_).compare(relation.args[first], relation.args[i]) == Match::different) {
        result = Match::different;
      }
    }
  }
  return result;
}

Match Comparer::relation_as_reference(const Expr& reference, const Expr& answer) {
  if (is_membership(reference)) {
    const Match match = real_sets(reference, answer);
    return match <= Match::numeric ? match : compare(reference.args[1], answer);
  }
  if (is_inequality(reference)) return real_sets(reference, answer);
  if (!is_equality_chain(reference)) return Match::different;
  const bool named = is_name(reference.args[0]) || names_a_matrix(reference);
  if (named && !policy_.names_may_be_dropped) return Match::different;
  if (names_a_matrix(reference)) return compare(reference.args[1], answer);
  const bool constants = std::all_of(reference.args.begin(), reference.args.end(),
                                     [](const Expr& arg) { return free_symbols(arg).empty(); });
  if (named || constants) return any_side(reference, answer);
  if (const auto assignment = as_assignment(reference)) return compare(*assignment->value, answer);
  return Match::different;
}

Match Comparer::relation_as_answer(const Expr& reference, const Expr& answer) {
  if (is_membership(answer) && is_name(answer.args[0])) {
    return policy_.names_may_be_dropped ? compare(reference, answer.args[1]) : Match::different;
  }
  if (is_inequality(answer)) {
    const bool pair = policy_.inequalities_may_be_pairs && reference.op() == Op::tuple;
    return is_surely_interval(reference) || pair ? real_sets(reference, answer) : Match::different;
  }
  if (!is_equality_chain(answer)) return Match::different;
  const bool named = is_name(answer.args[0]) || names_a_matrix(answer);
  if (named && (!policy_.names_may_be_dropped || !says_its_value(answer.args[0], false)))
    return Match::different;
  if (named) return all_sides(reference, answer, 1);
  const bool constants = std::all_of(answer.args.begin(), answer.args.end(),
                                     [](const Expr& arg) { return free_symbols(arg).empty(); });
  if (constants) return all_sides(reference, answer, 0);
  const auto assignment = as_assignment(answer);
  const bool says_it = assignment && says_its_value(*assignment->name, assignment->name == &answer.args[1]);
  return says_it ? compare(reference, *assignment->value) : Match::different;
}

Match Comparer::two_relations(const Expr& reference, const Expr& answer) {
  if (is_equality_chain(reference) && is_equality_chain(answer))
    return equations(reference, renamed(answer, reference));
  if (is_membership(reference) && is_membership(answer)) {
    if (!same_tree(reference.args[0], answer.args[0])) return Match::different;
    return compare(reference.args[1], answer.args[1]);
  }
  return inequalities(reference, answer);
}

Match Comparer::equations(const Expr& reference, const Expr& answer) {
  const bool same_name = is_name(reference.args[0]) && (same_tree(reference.args[0], answer.args[0]) ||
                                                        is_one_of_several(reference.args[0], answer.args[0]));
  if (same_name) {
    Match best = Match::different;
    for (size_t i = 1; i < reference.args.size(); ++i) {
      best = either(best, all_sides(reference.args[i], answer, 1));
      if (best <= Match::numeric) return best;
    }
  }
  if (names_of_one_function(reference.args[0], answer.args[0]))
    return all_sides(reference.args[1], answer, 1);
  const bool constants = free_symbols(reference).empty() && free_symbols(answer).empty();
  if (constants) {
    Match best = Match::different;
    for (const Expr& side : reference.args) best = either(best, all_sides(side, answer, 0));
    return best;
  }
  if (reference.args.size() != 2 || answer.args.size() != 2) return as_bags(reference.args, answer.args);
  if (!scalar_sides(reference) || !scalar_sides(answer)) {
    return both(compare(reference.args[0], answer.args[0]), compare(reference.args[1], answer.args[1]));
  }
  const Expr expected = difference_of_sides(reference, 0), given = difference_of_sides(answer, 0);
  if (same_zeros(expected, given, steps_)) return Match::equal;
  const Match scaled = compare_scaled(expected, given, steps_).match;
  if (scaled != Match::unknown) return scaled;
  const Match sides =
      both(compare(reference.args[0], answer.args[0]), compare(reference.args[1], answer.args[1]));
  return sides <= Match::numeric ? sides : scaled;  // ab = ba, whose sides cancel
}

// x = 3 (mod 7) answered by x = 7k + 3, whatever is said of k. Nothing where the answer is no such thing.
std::optional<Match> Comparer::residue_class(const Expr& reference, const Expr& answer) {
  if (!is_congruence(reference)) return std::nullopt;
  const Expr* value = &answer;
  if (value->op() == Op::list && value->args.size() == 2 && is_membership(value->args[1]))
    value = &value->args[0];
  if (const auto assignment = as_assignment(*value)) value = assignment->value;
  const std::set<std::string> names = free_symbols(*value);
  if (!is_scalar(value->op()) || value->op() == Op::symbol || names.size() != 1) return std::nullopt;
  const Expr &modulus = reference.args.back(), &residue = reference.args[reference.args.size() - 2];
  if (!free_symbols(modulus).empty() || !free_symbols(residue).empty()) return std::nullopt;
  const auto at = [&](slong k) { return with_symbol(*value, *names.begin(), make_number(k)); };
  const auto is_same = [&](const Expr& a, const Expr& b) { return values(a, b) == Match::equal; };
  const auto remainder = [&](const Expr& number) { return make_call(Function::mod, {number, modulus}); };
  const Expr step = subtract(at(1), at(0));
  const bool even = is_same(step, subtract(at(2), at(1))) && is_same(step, subtract(at(-4), at(-5)));
  const bool whole = is_same(step, modulus) || is_same(step, negate(modulus));
  return even && whole && is_same(remainder(residue), remainder(at(0))) ? Match::equal : Match::different;
}

// x = a (mod m): the same residues of one modulus, which may be dropped.
Match Comparer::congruences(const Expr& reference, const Expr& answer) {
  struct Residue {
    const Expr *name = nullptr, *value = nullptr, *modulus = nullptr;
  };
  const auto read = [](const Expr& expr) {
    Residue result{.value = &expr};
    if (!is_congruence(expr)) return result;
    const size_t last = expr.args.size() - 1;
    result.modulus = &expr.args[last];
    result.value = &expr.args[last - 1];
    if (last > 1) result.name = &expr.args[0];
    return result;
  };
  const Residue expected = read(reference), given = read(answer);
  if (expected.name != nullptr && given.name != nullptr && !same_tree(*expected.name, *given.name))
    return Match::different;
  if (expected.modulus == nullptr || given.modulus == nullptr) {
    if (const auto match = residue_class(reference, answer)) return *match;
    // 8x + 1 = 5 (mod 12) does not answer 5; x = 5 (mod 12) does.
    const Expr* name = given.name != nullptr ? given.name : expected.name;
    if (name != nullptr && !is_name(*name) && !free_symbols(*name).empty()) return Match::different;
    return compare(*expected.value, *given.value);
  }
  const Match same_modulus = compare(*expected.modulus, *given.modulus);
  if (same_modulus == Match::different || !is_scalar(expected.value->op()) || !is_scalar(given.value->op()))
    return Match::different;
  const auto residue = [&](const Expr& value) {
    return make_call(Function::mod, {value, *expected.modulus});
  };
  const bool numbers = free_symbols(reference).size() <= 1 && free_symbols(*expected.value).empty() &&
                       free_symbols(*given.value).empty();
  if (!numbers) return both(same_modulus, compare(*expected.value, *given.value));
  return both(same_modulus, values(residue(*expected.value), residue(*given.value)));
}

// In one variable by the sets they describe, otherwise side by side up to a positive factor.
Match Comparer::inequalities(const Expr& reference, const Expr& answer) {
  const auto expected = read_real_set(reference, steps_), given = read_real_set(answer, steps_);
  if (expected && given) return compare_real_sets(*expected, *given, policy_, steps_);
  if (!is_inequality(reference) || !is_inequality(answer) || reference.args.size() != answer.args.size()) {
    return Match::different;
  }
  if (!scalar_sides(reference) || !scalar_sides(answer)) return Match::different;
  const size_t count = reference.relations().size();
  const auto aligned = [&](bool backwards) {
    Match result = Match::equal;
    for (size_t i = 0; i < count && result != Match::different; ++i) {
      const size_t j = backwards ? count - 1 - i : i;
      const Relation a = reference.relations()[i], b = answer.relations()[j];
      const Direction expected_way = direction_of(a), way = direction_of(b);
      const bool undirected = expected_way == Direction::none;
      if (is_strict(a) != is_strict(b) || undirected != (way == Direction::none)) return Match::different;
      const ScaledMatch scaled =
          compare_scaled(difference_of_sides(reference, i), difference_of_sides(answer, j), steps_);
      const bool same_side = undirected || scaled.sign == (expected_way == way ? 1 : -1);
      result = both(result, scaled.match <= Match::numeric && !same_side ? Match::different : scaled.match);
    }
    return result;
  };
  const Match forwards = aligned(false);
  return forwards <= Match::numeric || count == 1 ? forwards : either(forwards, aligned(true));
}

}  // namespace deepscaler
