#include "verify/compare/compare.h"

#include <algorithm>

#include "verify/compare/comparer.h"
#include "verify/compare/real_set.h"

namespace deepscaler {
namespace {

// (x, y) = (1, 2) as x = 1 and y = 2.
Expr expand_tuple_equation(const Expr& expr) {
  const bool applies = is_relation(expr, Relation::equal) && expr.args[0].op() == Op::tuple &&
                       expr.args[1].op() == Op::tuple && expr.args[0].args.size() == expr.args[1].args.size();
  if (!applies) return expr;
  Expr result = make_list({}, Join::conjunction);
  for (size_t i = 0; i < expr.args[0].args.size(); ++i) {
    result.args.push_back(make_relation(expr.args[0].args[i], Relation::equal, expr.args[1].args[i]));
  }
  return result;
}

// x = y = z = 1 as x = 1, y = 1, z = 1.
Expr expand_chain(const Expr& expr) {
  const bool applies = has_only(expr, {Relation::equal}) && expr.args.size() > 2 &&
                       std::all_of(expr.args.begin(), expr.args.end() - 1,
                                   [](const Expr& name) { return name.op() == Op::symbol; });
  if (!applies) return expr;
  Expr result = make_list({}, Join::conjunction);
  for (size_t i = 0; i + 1 < expr.args.size(); ++i) {
    result.args.push_back(make_relation(expr.args[i], Relation::equal, expr.args.back()));
  }
  return result;
}

// A list or set of one is its element.
const Expr& unwrap(const Expr& expr) {
  const Expr* inner = &expr;
  while ((inner->op() == Op::list || inner->op() == Op::set) && inner->args.size() == 1 &&
         !(inner->op() == Op::set && inner->args[0].op() == Op::set)) {
    inner = &inner->args[0];
  }
  return *inner;
}

bool is_collection(const Expr& expr) { return expr.op() == Op::list || expr.op() == Op::set; }

bool is_set_of_scalars(const Expr& expr) {
  return expr.op() == Op::set &&
         std::ranges::all_of(expr.args, [](const Expr& element) { return is_scalar(element.op()); });
}

bool is_set_expression(const Expr& expr) {
  return expr.op() == Op::set_union || expr.op() == Op::set_intersection || expr.op() == Op::set_difference ||
         expr.op() == Op::reals;
}

// A \cap (B \cap C) as A, B, C.
std::vector<Expr> operands_of(const Expr& expr) {
  std::vector<Expr> result;
  for (const Expr& arg : expr.args) {
    if (arg.op() != expr.op() || expr.op() == Op::list) {
      result.push_back(arg);
      continue;
    }
    for (Expr& inner : operands_of(arg)) result.push_back(std::move(inner));
  }
  return result;
}

bool holds_inequality(const Expr& expr) {
  return is_inequality(expr) ||
         (expr.op() == Op::list && std::any_of(expr.args.begin(), expr.args.end(), is_inequality));
}

// A matrix, or a tuple of tuples that can stand for one; columns and rows stand for vectors.
std::optional<std::vector<std::vector<Expr>>> rows_of(const Expr& expr) {
  if (expr.op() != Op::matrix && expr.op() != Op::tuple) return std::nullopt;
  std::vector<std::vector<Expr>> rows;
  for (const Expr& row : expr.args) {
    if (row.op() != Op::tuple) return std::nullopt;
    rows.push_back(row.args);
  }
  return rows;
}

// Lists of assignments to different names, in the order of the names.
std::optional<std::vector<Expr>> assigned_values(const Expr& expr, bool by_name) {
  if (expr.op() != Op::list || expr.args.size() < 2) return std::nullopt;
  std::vector<std::pair<std::string, const Expr*>> assigned;
  for (const Expr& item : expr.args) {
    const auto assignment = as_assignment(item);
    if (!assignment) return std::nullopt;
    assigned.emplace_back(to_text(*assignment->name), assignment->value);
  }
  std::vector<std::string> names;
  for (const auto& [name, value] : assigned) names.push_back(name);
  std::sort(names.begin(), names.end());
  if (std::adjacent_find(names.begin(), names.end()) != names.end()) return std::nullopt;
  if (by_name) {
    std::stable_sort(assigned.begin(), assigned.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  std::vector<Expr> values;
  for (const auto& [name, value] : assigned) values.push_back(*value);
  return values;
}

// "1 hour and 30 minutes" as one quantity: ever smaller units of one dimension.
Expr joined_quantity(const Expr& expr) {
  const bool few = is_list(expr, Join::conjunction) && !expr.args.empty() && expr.args.size() <= 3;
  if (!few || !has_dimension(expr.args[0])) return expr;
  const Dimension& dimension = expr.args[0].measure().dimension;
  const bool applies = std::ranges::all_of(expr.args, [&](const Expr& item) {
    return item.op() == Op::quantity && item.measure().dimension == dimension;
  });
  if (!applies) return expr;
  Expr total = make_number(0);
  for (size_t i = 0; i < expr.args.size(); ++i) {
    const Rational& factor = expr.args[i].measure().factor;
    if (i > 0 && !(factor < expr.args[i - 1].measure().factor)) return expr;
    total = add(std::move(total), multiply(expr.args[i].args[0], make_number(factor)));
  }
  return make_quantity(std::move(total), {dimension});
}

// "3 red and 2 blue": in a list, what is counted tells the numbers apart.
bool counts_other_things(const Expr& a, const Expr& b) {
  if (a.op() != Op::quantity || b.op() != Op::quantity) return false;
  const std::string &one = a.measure().noun, &other = b.measure().noun;
  return !one.empty() && !other.empty() && one != other;
}

// The f(x) of f(x) = ..., where the name is one letter.
const Expr* defined_function(const Expr& expr) {
  const bool defines = is_relation(expr, Relation::equal) && expr.args[0].op() == Op::call &&
                       expr.args[0].name().size() == 1 && expr.args[0].args.size() == 1 &&
                       expr.args[0].args[0].op() == Op::symbol;
  return defines ? &expr.args[0] : nullptr;
}

// R(x) = x + 1 answered by f(x) = x + 1: where one function is all that is asked for, any name will do.
Expr with_name_of_function(Expr answer, const Expr& reference) {
  const Expr *expected = defined_function(reference), *given = defined_function(answer);
  if (expected == nullptr || given == nullptr || expected->name() == given->name()) return answer;
  const auto is_used = [&](const Expr& part) {
    return is_unknown_call(part) && part.name() == given->name();
  };
  if (contains(answer.args[1], is_used)) return answer;
  answer.args[0] = make_call(expected->name(), std::move(answer.args[0].args));
  return answer;
}

// 12,34,567 as one number, its digits grouped as in India: a list where the reference has several.
std::optional<Expr> grouped_number(const Expr& expr) {
  if (!is_list(expr, Join::comma) || expr.args.size() < 3) return std::nullopt;
  Rational total;
  for (size_t i = 0; i < expr.args.size(); ++i) {
    const Expr& group = expr.args[i];
    const slong least = i == 0 ? 1 : i + 1 < expr.args.size() ? 10 : 100, scale = least == 100 ? 1000 : 100;
    const bool fits = group.op() == Op::number && group.number().is_integer() && !group.is_decimal() &&
                      !(group.number() < Rational(least)) && group.number() < Rational(scale);
    if (!fits) return std::nullopt;
    fmpq_mul_si(total.get(), total.get(), scale);
    fmpq_add(total.get(), total.get(), group.number().get());
  }
  return make_number(std::move(total));
}

// x = 1, 3: the values of one name, where only the first has it.
std::optional<std::vector<Expr>> values_of_one_name(const std::vector<Expr>& items) {
  const auto first = as_assignment(items.front());
  if (!first || first->name->op() != Op::symbol) return std::nullopt;
  std::vector<Expr> values = {*first->value};
  for (size_t i = 1; i < items.size(); ++i) {
    if (!is_scalar(items[i].op())) return std::nullopt;
    values.push_back(items[i]);
  }
  return values;
}

// x_1 = 1, x_2 = 3: the same, with its values told apart by an index.
std::optional<std::vector<Expr>> values_of_indexed_name(const std::vector<Expr>& items) {
  std::vector<Expr> values;
  std::string name;
  for (const Expr& item : items) {
    const auto assignment = as_assignment(item);
    if (!assignment || assignment->name->op() != Op::symbol) return std::nullopt;
    const size_t index = assignment->name->name().find('_');
    if (index == std::string::npos || (!name.empty() && name != assignment->name->name().substr(0, index)))
      return std::nullopt;
    name = assignment->name->name().substr(0, index);
    values.push_back(*assignment->value);
  }
  return values;
}

// The point P(2, 3), and C(2, 3), which is also a number of choices.
bool is_named_point(const Expr& expr) {
  return expr.op() == Op::call && expr.args.size() > 1 && expr.name().size() == 1 && expr.name()[0] >= 'A' &&
         expr.name()[0] <= 'Z';
}

bool is_identity_name(const Expr& expr) {
  return is_symbol(expr, "I") || is_symbol(expr, "I_n") || is_symbol(expr, "I_2") || is_symbol(expr, "I_3");
}

Expr identity_like(const Expr& matrix) {
  Expr result = matrix;
  for (size_t i = 0; i < result.args.size(); ++i) {
    for (size_t j = 0; j < result.args[i].args.size(); ++j)
      result.args[i].args[j] = make_number(i == j ? 1 : 0);
  }
  return result;
}

}  // namespace

Match compare_answers(const Expr& full_reference, const Expr& full_answer, const Policy& policy,
                      Steps& steps) {
  const auto is_several = [](const Expr& expr) { return expr.op() == Op::list || expr.op() == Op::tuple; };
  Expr reference = joined_quantity(expand_tuple_equation(full_reference));
  Expr answer = joined_quantity(expand_tuple_equation(full_answer));
  if (is_several(answer)) reference = expand_chain(reference);
  if (is_several(reference)) answer = expand_chain(answer);
  answer = with_name_of_function(std::move(answer), reference);
  return Comparer(policy, steps).compare(reference, answer);
}

bool is_within_reach(const Expr& answer, Steps& steps) {
  if (is_scalar(answer.op())) return has_value_within_reach(answer, steps);
  return std::ranges::all_of(answer.args, [&](const Expr& arg) { return is_within_reach(arg, steps); });
}

Match Comparer::compare(const Expr& full_reference, const Expr& full_answer) {
  if (!steps_.spend(10)) return Match::unknown;
  if (is_collection(full_reference) && is_collection(full_answer)) {
    if (const auto match = with_dots(full_reference, full_answer)) return *match;
  }
  if (is_set_of_scalars(full_reference) && is_set_of_scalars(full_answer))
    return as_sets(full_reference.args, full_answer.args);  // {3, 3} is {3}
  const Expr &reference = unwrap(full_reference), &answer = unwrap(full_answer);
  if (same_tree(reference, answer)) return Match::equal;
  if (reference.op() == Op::choice || answer.op() == Op::choice) return choices(reference, answer);
  if (is_congruence(reference) || is_congruence(answer)) return congruences(reference, answer);
  if (const auto match = families(reference, answer)) return *match;
  if (const auto set = evaluated_set(reference)) return compare(*set, full_answer);
  if (const auto set = evaluated_set(answer)) return compare(full_reference, *set);
  if (const auto grouped = grouped_number(answer); grouped && reference.op() == Op::number)
    return compare(reference, *grouped);
  if (const auto match = assigned_tuple(reference, answer)) return *match;
  const bool may_be_point =
      reference.op() == Op::tuple && !is_surely_interval(reference) && !policy_.inequalities_may_be_pairs;
  if (may_be_point && answer.op() == Op::list && holds_inequality(answer)) return Match::different;
  const bool sets = is_set_expression(reference) || is_set_expression(answer) ||
                    (holds_inequality(reference) && reference.op() == Op::list) ||
                    (holds_inequality(answer) && answer.op() == Op::list);
  if (reference.op() == Op::relation || answer.op() == Op::relation) {
    if (!sets || (reference.op() == Op::relation && answer.op() == Op::relation))
      return relations(reference, answer);
    const Match match = relations(reference, answer);
    return match == Match::different ? real_sets(reference, answer) : match;
  }
  if (sets) return real_sets(reference, answer);
  if (reference.op() == Op::cases || answer.op() == Op::cases) return pieces(reference, answer);
  if (is_collection(reference) || is_collection(answer)) return collections(reference, answer);
  if (reference.op() == Op::matrix || answer.op() == Op::matrix) return matrices(reference, answer);
  if (reference.op() == Op::tuple || answer.op() == Op::tuple) {
    if (reference.op() == Op::tuple && reference.brackets() == Brackets{} && is_named_point(answer))
      return in_order(reference.args, answer.args);
    if (reference.op() != answer.op()) return Match::different;
    const bool brackets_matter = reference.args.size() == 2;
    if (brackets_matter && reference.brackets() != answer.brackets()) return Match::different;
    return in_order(reference.args, answer.args);
  }
  if (reference.op() == Op::ratio || answer.op() == Op::ratio) return ratios(reference, answer);
  if (reference.op() == Op::word || answer.op() == Op::word) return words(reference, answer);
  if (is_scalar(reference.op()) && is_scalar(answer.op())) return values(reference, answer);
  return Match::different;
}

Match Comparer::in_order(const std::vector<Expr>& reference, const std::vector<Expr>& answer) {
  if (reference.size() != answer.size()) return Match::different;
  Match result = Match::equal;
  for (size_t i = 0; i < reference.size() && result != Match::different; ++i) {
    result = both(result, compare(reference[i], answer[i]));
  }
  return result;
}

// Each of the reference's elements takes one of the answer's that no other took.
Match Comparer::as_bags(const std::vector<Expr>& reference, const std::vector<Expr>& answer) {
  if (reference.size() != answer.size()) return Match::different;
  std::vector<bool> taken(answer.size(), false);
  Match result = Match::equal;
  for (const Expr& expected : reference) {
    Match best = Match::different;
    size_t chosen = answer.size();
    for (size_t i = 0; i < answer.size(); ++i) {
      if (taken[i] || counts_other_things(expected, answer[i])) continue;
      const Match match = compare(expected, answer[i]);
      best = either(best, match);
      if (match > Match::numeric) continue;
      chosen = i;
      break;
    }
    if (chosen < answer.size()) taken[chosen] = true;
    result = both(result, best);
    if (result == Match::different) break;
  }
  return result;
}

Match Comparer::as_sets(const std::vector<Expr>& reference, const std::vector<Expr>& answer) {
  Match result = Match::equal;
  const auto covered = [&](const std::vector<Expr>& items, const std::vector<Expr>& others, bool swapped) {
    for (const Expr& item : items) {
      Match best = Match::different;
      for (const Expr& other : others) {
        best = either(best, swapped ? compare(other, item) : compare(item, other));
        if (best <= Match::numeric) break;
      }
      result = both(result, best);
      if (result == Match::different) return;
    }
  };
  covered(reference, answer, false);
  if (result != Match::different) covered(answer, reference, true);
  return result;
}

Match Comparer::collections(const Expr& reference, const Expr& answer) {
  if (!is_collection(reference) || !is_collection(answer)) {
    // "7/2 or 3.5" is one value in two spellings when each of them is the other side.
    const Expr& several = is_collection(reference) ? reference : answer;
    if (!is_list(several, Join::disjunction) || several.args.empty()) return Match::different;
    Match result = Match::equal;
    for (const Expr& item : several.args) {
      result = both(result, is_collection(reference) ? compare(item, answer) : compare(reference, item));
      if (result == Match::different) break;
    }
    return result;
  }
  if (policy_.lists_are_ordered && reference.op() == Op::list && answer.op() == Op::list) {
    return in_order(reference.args, answer.args);
  }
  if (reference.op() == Op::list && answer.op() == Op::list) {
    // "x = 1, y = 2" answered by "1, 2": the order says which is which.
    if (const auto given = values_of_one_name(answer.args)) {
      if (const auto expected = values_of_indexed_name(reference.args)) return as_bags(*expected, *given);
    }
    const auto named = assigned_values(reference, false);
    const bool answer_named = std::any_of(answer.args.begin(), answer.args.end(),
                                          [](const Expr& item) { return item.op() == Op::relation; });
    if (named && !answer_named)
      return policy_.names_may_be_dropped ? in_order(*named, answer.args) : Match::different;
    return as_bags(reference.args, answer.args);
  }
  return as_sets(reference.args, answer.args);
}

// x = 1, y = 2 and (1, 2): the names in their order. Nothing for anything else.
std::optional<Match> Comparer::assigned_tuple(const Expr& reference, const Expr& answer) {
  const bool tuple_first = reference.op() == Op::tuple && answer.op() == Op::list;
  const bool tuple_second = reference.op() == Op::list && answer.op() == Op::tuple;
  if (!policy_.names_may_be_dropped || (!tuple_first && !tuple_second)) return std::nullopt;
  const auto values = assigned_values(tuple_first ? answer : reference, true);
  if (!values) return std::nullopt;
  return tuple_first ? in_order(reference.args, *values) : in_order(*values, answer.args);
}

Match Comparer::matrices(const Expr& reference, const Expr& answer) {
  if (is_identity_name(answer) && rows_of(reference)) return matrices(reference, identity_like(reference));
  const auto expected = rows_of(reference), given = rows_of(answer);
  if (expected && given) {
    if (expected->size() != given->size()) return Match::different;
    Match result = Match::equal;
    for (size_t i = 0; i < expected->size() && result != Match::different; ++i) {
      result = both(result, in_order((*expected)[i], (*given)[i]));
    }
    return result;
  }
  // A column or row stands for the vector in parentheses.
  const Expr& matrix = reference.op() == Op::matrix ? reference : answer;
  const Expr& other = reference.op() == Op::matrix ? answer : reference;
  const bool vector = matrix.args.size() == 1 || matrix.args[0].args.size() == 1;
  if (other.op() != Op::tuple || !vector) return Match::different;
  std::vector<Expr> elements;
  for (const Expr& row : matrix.args) elements.insert(elements.end(), row.args.begin(), row.args.end());
  return reference.op() == Op::matrix ? in_order(elements, answer.args) : in_order(reference.args, elements);
}

// What an intersection or a difference of sets of numbers comes to; nothing for anything else.
std::optional<Expr> Comparer::evaluated_set(const Expr& expr) {
  const bool works =
      (expr.op() == Op::set_intersection || expr.op() == Op::set_difference) && expr.args.size() == 2;
  if (!works) return std::nullopt;
  const auto first = evaluated_set(expr.args[0]), second = evaluated_set(expr.args[1]);
  Expr result = first ? *first : expr.args[0];
  const Expr& other = second ? *second : expr.args[1];
  if (!is_set_of_scalars(result) || !is_set_of_scalars(other)) return std::nullopt;
  std::erase_if(result.args, [&](const Expr& element) {
    const bool shared = std::ranges::any_of(
        other.args, [&](const Expr& one) { return compare(element, one) <= Match::numeric; });
    return shared != (expr.op() == Op::set_intersection);
  });
  return result;
}

Match Comparer::real_sets(const Expr& reference, const Expr& answer) {
  const auto expected = read_real_set(reference, steps_);
  const auto given = read_real_set(answer, steps_);
  if (steps_.exhausted()) return Match::unknown;
  if (expected && given) return compare_real_sets(*expected, *given, policy_, steps_);
  if (reference.op() == answer.op()) {  // unions of what is no set of reals, lists of systems
    return reference.op() == Op::set_difference ? in_order(reference.args, answer.args)
                                                : as_sets(operands_of(reference), operands_of(answer));
  }
  return Match::different;
}

}  // namespace deepscaler
