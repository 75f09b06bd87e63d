// The rules of compare.h, for the files compare*.cc only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "verify/compare/compare.h"

namespace deepscaler {

// The k of "k in Z"; no domain where an answer leaves it out.
struct Parameter {
  std::string name;
  const Expr* domain = nullptr;
};

class Comparer {
 public:
  Comparer(const Policy& policy, Steps& steps) : policy_(policy), steps_(steps) {}

  Match compare(const Expr& reference, const Expr& answer);

 private:
  // compare_values.cc: numbers with units, words, letters, ratios.
  Match values(const Expr& reference, const Expr& answer);
  std::optional<Match> angles(const Expr& reference, const Expr& answer);
  Match choices(const Expr& reference, const Expr& answer);
  Match words(const Expr& reference, const Expr& answer);
  Match ratios(const Expr& reference, const Expr& answer);

  // compare_names.cc: operators left open, whose bound names may differ; constants of integration.
  Match open_operators(const Expr& reference, const Expr& answer);
  bool same_operator(const Expr& a, const Expr& b);
  Match integration_constants(const Expr& reference, const Expr& answer);
  Match other_letters(const Expr& reference, const Expr& answer);
  Match with_renamed(const Expr& reference, Expr answer, const std::vector<std::string>& old_names,
                     std::vector<std::string> new_names);
  Match up_to_a_constant(const Expr& reference, const Expr& answer, const std::string& constant);

  // compare_relations.cc: equations, inequalities, assignments.
  Match relations(const Expr& reference, const Expr& answer);
  Match two_relations(const Expr& reference, const Expr& answer);
  Match equations(const Expr& reference, const Expr& answer);
  Match inequalities(const Expr& reference, const Expr& answer);
  Match relation_as_reference(const Expr& reference, const Expr& answer);
  Match relation_as_answer(const Expr& reference, const Expr& answer);
  Match congruences(const Expr& reference, const Expr& answer);
  std::optional<Match> residue_class(const Expr& reference, const Expr& answer);
  Match any_side(const Expr& relation, const Expr& answer);
  Match all_sides(const Expr& reference, const Expr& relation, size_t first);

  // compare_families.cc: solutions with a parameter. Nothing where neither side has one.
  std::optional<Match> families(const Expr& reference, const Expr& answer);
  Match same_members(const Expr& reference, const Expr& answer, const Parameter& parameter);
  Match progressions(const Expr& reference, const Expr& answer, const std::string& name);

  // compare_progressions.cc: families as unions.
  bool same_union(const std::vector<Expr>& reference, const std::vector<Expr>& answer,
                  const std::string& name);
  std::optional<Rational> ratio_of(const Expr& amount, const Expr& unit);

  // compare.cc: collections.
  Match collections(const Expr& reference, const Expr& answer);
  std::optional<Match> assigned_tuple(const Expr& reference, const Expr& answer);
  Match in_order(const std::vector<Expr>& reference, const std::vector<Expr>& answer);
  Match as_bags(const std::vector<Expr>& reference, const std::vector<Expr>& answer);
  Match as_sets(const std::vector<Expr>& reference, const std::vector<Expr>& answer);
  Match matrices(const Expr& reference, const Expr& answer);
  Match pieces(const Expr& reference, const Expr& answer);
  Match as_written_pieces(const Expr& reference, const Expr& answer);
  Match as_functions(const Expr& reference, const Expr& answer);
  std::optional<Match> with_dots(const Expr& reference, const Expr& answer);  // compare_dots.cc
  std::optional<Expr> evaluated_set(const Expr& expr);
  Match real_sets(const Expr& reference, const Expr& answer);

  const Policy& policy_;
  Steps& steps_;
};

// name = value, where the left (or right) side is one name: a variable, f(x), words.
struct Assignment {
  const Expr* name = nullptr;
  const Expr* value = nullptr;
};
[[nodiscard]] std::optional<Assignment> as_assignment(const Expr& expr);
[[nodiscard]] bool is_inequality(const Expr& expr);
// Whether an integral, a limit or a sum without an end stands in it: what only equals its like.
[[nodiscard]] bool is_left_open(const Expr& expr);
// Whether an expression describes a set of reals and can't be a point or a list: unions, half-open
// or unbounded intervals.
[[nodiscard]] bool is_surely_interval(const Expr& expr);

// All parts must match: different if any is, else the weakest.
[[nodiscard]] inline Match both(Match a, Match b) {
  if (a == Match::different || b == Match::different) return Match::different;
  return a > b ? a : b;
}
// Any of the parts must match: the strongest, and different only where all are.
[[nodiscard]] inline Match either(Match a, Match b) {
  if (a <= Match::numeric || b <= Match::numeric) return a < b ? a : b;
  return a > b ? a : b;
}

}  // namespace deepscaler
