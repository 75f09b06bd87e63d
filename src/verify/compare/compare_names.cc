// Names that say nothing: those that an integral or a sum binds, and constants of integration.
#include <algorithm>
#include <cctype>
#include <iterator>

#include "verify/compare/comparer.h"

namespace deepscaler {
namespace {

constexpr size_t kMaxConstants = 3;

bool is_open_node(const Expr& expr) {
  if (expr.op() == Op::integral || expr.op() == Op::limit) return true;
  return binds_a_name(expr.op()) &&
         (contains(expr.args[1], Op::infinity) || contains(expr.args[2], Op::infinity));
}

// C, c_1, K: what people call a constant that may be anything.
bool is_constant_name(std::string_view name, std::string_view letters) {
  if (name == "constant" || name == "const") return true;
  const bool letter = !name.empty() && letters.find(name[0]) != letters.npos;
  return letter && (name.size() == 1 || (name[1] == '_' && name.size() == 3 &&
                                         std::isdigit(static_cast<unsigned char>(name[2])) != 0));
}

std::vector<std::string> without(const std::set<std::string>& names, const std::set<std::string>& others,
                                 std::string_view letters) {
  std::vector<std::string> result;
  for (const std::string& name : names) {
    if (!others.contains(name) && is_constant_name(name, letters)) result.push_back(name);
  }
  return result;
}

// Whether a constant that may be anything is all that `name` does: it comes in once, times a number.
bool adds_a_multiple(const Expr& expr, const std::string& name, Steps& steps) {
  const Expr slope =
      subtract(with_symbol(expr, name, make_number(1)), with_symbol(expr, name, make_number(0)));
  const Expr next =
      subtract(with_symbol(expr, name, make_number(3)), with_symbol(expr, name, make_number(2)));
  const std::set<std::string> names = free_symbols(slope);
  Expr there = slope, elsewhere = next;
  for (const std::string& other : names) {
    there = with_symbol(std::move(there), other, make_number(Rational(7, 5)));
    elsewhere = with_symbol(std::move(elsewhere), other, make_number(Rational(9, 4)));
  }
  return compare_scalars(there, elsewhere, Policy{}, steps) == Match::equal &&
         compare_scalars(there, make_number(0), Policy{}, steps) == Match::different;
}

bool adds(const Expr& expr, const std::string& name) {
  return expr.op() == Op::add && std::any_of(expr.args.begin(), expr.args.end(),
                                             [&](const Expr& term) { return is_symbol(term, name); });
}

}  // namespace

bool is_left_open(const Expr& expr) { return contains(expr, is_open_node); }

bool Comparer::same_operator(const Expr& a, const Expr& b) {
  if (a.op() != b.op() || !steps_.spend(20)) return false;
  const Expr term = with_symbol(b.args[3], b.args[0].name(), a.args[0]);
  return compare(a.args[1], b.args[1]) <= Match::numeric && compare(a.args[2], b.args[2]) <= Match::numeric &&
         compare(a.args[3], term) <= Match::numeric;
}

// What is left open equals only its like: an integral in an answer is the problem, not its solution.
Match Comparer::open_operators(const Expr& reference, const Expr& answer) {
  if (!is_left_open(reference)) return Match::different;
  if (!is_left_open(answer)) return Match::unknown;
  std::vector<Expr> known;
  const auto close = [&](Expr& part) {
    if (!is_open_node(part)) return;
    const auto same = std::find_if(known.begin(), known.end(),
                                   [&](const Expr& other) { return same_operator(other, part); });
    const std::string name = "open " + std::to_string(same - known.begin());
    if (same == known.end()) known.push_back(part);
    part = make_symbol(name);
  };
  const Expr left = rewrite(reference, close), right = rewrite(answer, close);
  return values(left, right);
}

// x^2 + C answered by x^2 + K, or by (x + 1)^2 + C for x^2 + 2x + C.
Match Comparer::integration_constants(const Expr& reference, const Expr& answer) {
  const std::set<std::string> expected = free_symbols(reference), given = free_symbols(answer);
  if (reference.op() == Op::symbol || expected.size() < 2 || expected.size() != given.size())
    return Match::different;
  std::vector<std::string> old_names = without(expected, given, "CcK"),
                           new_names = without(given, expected, "CcKkABD");
  if (old_names.size() != new_names.size() || old_names.size() > kMaxConstants) return Match::different;
  for (const std::string& name : expected) {
    if (is_constant_name(name, "CcK") && given.contains(name) && adds(reference, name) &&
        adds_a_multiple(answer, name, steps_)) {
      return up_to_a_constant(reference, answer, name);
    }
  }
  const bool allowed = std::all_of(old_names.begin(), old_names.end(), [&](const std::string& name) {
    return adds(reference, name) || name.size() > 1 || expected.size() == 2;
  });
  if (old_names.empty() || !allowed) return Match::different;
  return with_renamed(reference, answer, old_names, std::move(new_names));
}

// The letters that only one side has, whatever they are (Policy::letters_may_differ).
Match Comparer::other_letters(const Expr& reference, const Expr& answer) {
  const std::set<std::string> expected = free_symbols(reference), given = free_symbols(answer);
  std::vector<std::string> old_names, new_names;
  std::ranges::set_difference(expected, given, std::back_inserter(old_names));
  std::ranges::set_difference(given, expected, std::back_inserter(new_names));
  const bool applies = !old_names.empty() && old_names.size() == new_names.size() &&
                       old_names.size() <= kMaxConstants && reference.op() != Op::symbol;
  return applies ? with_renamed(reference, answer, old_names, std::move(new_names)) : Match::different;
}

// The new names for the old ones, in every order.
Match Comparer::with_renamed(const Expr& reference, Expr answer, const std::vector<std::string>& old_names,
                             std::vector<std::string> new_names) {
  const auto passing = [](size_t i) { return make_symbol("new " + std::to_string(i)); };
  Policy as_named = policy_;
  as_named.letters_may_differ = false;
  do {
    Expr candidate = answer;
    for (size_t i = 0; i < old_names.size(); ++i)
      candidate = with_symbol(std::move(candidate), new_names[i], passing(i));
    for (size_t i = 0; i < old_names.size(); ++i)
      candidate = with_symbol(std::move(candidate), passing(i).name(), make_symbol(old_names[i]));
    const Match match = Comparer(as_named, steps_).values(reference, candidate);
    if (match <= Match::numeric) return match;
  } while (std::next_permutation(new_names.begin(), new_names.end()));
  return Match::different;
}

// Both sides less their values at one point.
Match Comparer::up_to_a_constant(const Expr& reference, const Expr& answer, const std::string& constant) {
  const std::set<std::string> names = free_symbols(reference);
  if (names.size() != 2 || names != free_symbols(answer)) return Match::different;
  const std::string variable = *names.begin() == constant ? *names.rbegin() : *names.begin();
  const auto change = [&](const Expr& expr) {
    return subtract(expr, with_symbol(expr, variable, make_number(Rational(7, 5))));
  };
  return compare_scalars(change(reference), change(answer), policy_, steps_);
}

}  // namespace deepscaler
