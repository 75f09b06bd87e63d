// Functions by pieces: piece by piece as they are written, or as functions of their one variable.
#include <algorithm>

#include "verify/compare/branch_points.h"
#include "verify/compare/comparer.h"
#include "verify/compare/sample_points.h"

namespace deepscaler {
namespace {

bool is_rest(const Expr& condition) {
  return condition.op() == Op::word && (condition.words() == "otherwise" || condition.words() == "else");
}

// Whether a relation holds between numbers of this order; nothing where it says something else.
std::optional<bool> is_in_order(Relation sign, int order) {
  switch (sign) {
    case Relation::less:
      return order < 0;
    case Relation::greater:
      return order > 0;
    case Relation::at_most:
      return order <= 0;
    case Relation::at_least:
      return order >= 0;
    case Relation::not_equal:
      return order != 0;
    case Relation::equal:
      return order == 0;
    default:
      return std::nullopt;
  }
}

// Whether a condition holds once its variable has a value; nothing where that is not known.
std::optional<bool> holds(const Expr& condition, Steps& steps) {
  if (condition.op() == Op::list) {  // x > 0, x < 1
    bool all = true, any = false;
    for (const Expr& part : condition.args) {
      const auto one = holds(part, steps);
      if (!one) return std::nullopt;
      all = all && *one;
      any = any || *one;
    }
    return condition.join() == Join::disjunction ? any : all;
  }
  if (condition.op() != Op::relation) return std::nullopt;
  for (size_t i = 0; i + 1 < condition.args.size(); ++i) {
    if (!is_scalar(condition.args[i].op()) || !is_scalar(condition.args[i + 1].op())) return std::nullopt;
    const auto order = order_of(condition.args[i], condition.args[i + 1], steps);
    if (!order) return std::nullopt;
    const auto applies = is_in_order(condition.relations()[i], *order);
    if (!applies) return std::nullopt;
    if (!*applies) return false;
  }
  return true;
}

// What a function says where its variable has a value: `value` is null where no piece is meant for it.
struct ValueAt {
  bool is_known = true;
  std::optional<Expr> value;
};

ValueAt value_at(const Expr& function, Steps& steps) {
  if (function.op() != Op::cases) return {.value = function};
  const Expr* rest = nullptr;
  for (const Expr& piece : function.args) {
    if (is_rest(piece.args[1])) {
      rest = &piece.args[0];
      continue;
    }
    const auto applies = holds(piece.args[1], steps);
    if (!applies) return {.is_known = false};
    if (*applies) return {.value = piece.args[0]};
  }
  if (rest == nullptr) return {};
  return {.value = *rest};
}

}  // namespace

Match Comparer::pieces(const Expr& reference, const Expr& answer) {
  const Match as_written = as_written_pieces(reference, answer);
  return as_written <= Match::numeric ? as_written : as_functions(reference, answer);
}

// Every piece of the one is a piece of the other; "otherwise" stands for whatever condition is left.
Match Comparer::as_written_pieces(const Expr& reference, const Expr& answer) {
  if (reference.op() != answer.op() || reference.args.size() != answer.args.size()) return Match::different;
  std::vector<bool> taken(answer.args.size(), false);
  Match result = Match::equal;
  for (const bool rest : {false, true}) {
    for (const Expr& piece : reference.args) {
      Match best = Match::different;
      for (size_t i = 0; i < answer.args.size() && best == Match::different; ++i) {
        const Expr& other = answer.args[i];
        if (taken[i] || (is_rest(piece.args[1]) || is_rest(other.args[1])) != rest) continue;
        best = both(rest ? Match::equal : compare(piece.args[1], other.args[1]),
                    compare(piece.args[0], other.args[0]));
        taken[i] = best != Match::different;
      }
      if (best != Match::different) result = both(result, best);
    }
  }
  const bool all = std::all_of(taken.begin(), taken.end(), [](bool is_taken) { return is_taken; });
  return all ? result : Match::different;
}

// At and around every border and constant, where other branches begin, and at random: |x| and its two pieces,
// whichever has the border.
Match Comparer::as_functions(const Expr& reference, const Expr& answer) {
  std::set<std::string> names = free_symbols(reference);
  names.merge(free_symbols(answer));
  const auto is_function = [](const Expr& expr) { return expr.op() == Op::cases || is_scalar(expr.op()); };
  if (names.size() != 1 || !is_function(reference) || !is_function(answer)) return Match::different;
  Match result = Match::equal;
  int agreed = 0;
  BranchPoints points = branch_points(reference, answer, names, Domain::reals, steps_);
  for (CriticalPoint& point : critical_points(reference, answer, names, Domain::reals, steps_))
    points.points.push_back(std::move(point.at));
  for (const Point& point : points.points) {
    const Expr value = make_number(point.at(*names.begin()));
    const auto at = [&](const Expr& expr) {
      return value_at(with_symbol(expr, *names.begin(), value), steps_);
    };
    const ValueAt expected = at(reference), given = at(answer);
    if (!expected.is_known || !given.is_known) return Match::different;
    if (!expected.value && !given.value) continue;
    if (!expected.value || !given.value) return Match::different;
    const Match match = compare_scalars(*expected.value, *given.value, policy_, steps_);
    if (match > Match::numeric) return match;
    result = both(result, both(match, Match::numeric));
    ++agreed;
  }
  if (agreed <= 3) return Match::unknown;
  return points.are_complete ? result : Match::unproven;
}

}  // namespace deepscaler
