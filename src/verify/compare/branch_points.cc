#include "verify/compare/branch_points.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "verify/algebra/evaluate.h"
#include "verify/algebra/functions.h"
#include "verify/algebra/normal_form.h"

namespace deepscaler {
namespace {

constexpr slong kFullPeriod = 128;   // of gcd and mod: all residues are tried
constexpr size_t kMaxBranches = 12;  // arguments followed
constexpr size_t kMaxPoints = 160;   // for one argument
constexpr int kSearchSteps = 40;     // of a golden section: to about 1e-8 of the grid's distance
constexpr double kTouching = 1e-9;   // nearer to a threshold than this, nobody can tell
constexpr double kLeast = 1e-300;    // in place of what a double can't hold
constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

enum class Threshold : uint8_t {
  zero,     // the sign of the argument decides
  root,     // ... or of what it is the square of
  integer,  // ... or which whole numbers it lies between
  point,    // ... or whether it is zero
};

struct Branch {
  Expr argument;
  Threshold threshold = Threshold::zero;
};

struct Range {
  std::optional<Rational> least = std::nullopt;  // nothing where there is no bound
  std::optional<Rational> most = std::nullopt;
};

Rational exactly(double value) {
  int exponent = 0;
  const double mantissa = std::frexp(value, &exponent);
  Rational result(static_cast<slong>(std::ldexp(mantissa, 53)));
  const slong shift = exponent - 53;
  if (shift >= 0) {
    fmpq_mul_2exp(result.get(), result.get(), static_cast<ulong>(shift));
  } else {
    fmpq_div_2exp(result.get(), result.get(), static_cast<ulong>(-shift));
  }
  return result;
}

std::optional<Rational> bound_sum(const std::optional<Rational>& a, const std::optional<Rational>& b) {
  return a && b ? std::optional(sum_of(*a, *b)) : std::nullopt;
}

std::optional<Rational> scaled(const Rational& factor, const std::optional<Rational>& bound) {
  return bound ? std::optional(product_of(factor, *bound)) : std::nullopt;
}

// The larger or the smaller of two bounds, where no bound is beyond all others.
std::optional<Rational> bound_of(bool larger, bool none_wins, const std::optional<Rational>& a,
                                 const std::optional<Rational>& b) {
  if (!a || !b) return none_wins ? std::nullopt : (a ? a : b);
  return (*a < *b) == larger ? b : a;
}

class Search {
 public:
  Search(const std::set<std::string>& symbols, Domain domain, Steps& steps)
      : symbols_(symbols), domain_(domain), steps_(steps) {}

  // Branch arguments of a tree; `bound` are the names of sums around it.
  void collect(const Expr& expr, std::set<std::string> bound) {
    if (!steps_.spend(2)) return give_up();
    if (binds_a_name(expr.op) && !expr.args.empty()) bound.insert(expr.args[0].text);
    if (expr.op == Op::power) {
      const Expr &base = expr.args[0], &exponent = expr.args[1];
      if (exponent.op == Op::number && fmpz_is_even(exponent.number.denominator()))
        push(base, Threshold::root, bound);
      if (is_number(base, 0)) push(exponent, Threshold::zero, bound);
    }
    if (expr.op == Op::call) collect_call(expr, bound);
    if (expr.op == Op::relation) {  // a condition
      for (size_t i = 0; i + 1 < expr.args.size(); ++i) {
        if (is_scalar(expr.args[i].op) && is_scalar(expr.args[i + 1].op))
          push(subtract(expr.args[i], expr.args[i + 1]), Threshold::point, bound);
      }
    }
    for (const Expr& arg : expr.args) collect(arg, bound);
  }

  BranchPoints run() {
    for (const Branch& branch : branches_) {
      const std::set<std::string> names = free_symbols(branch.argument);
      for (const int attempt : names.size() == 1 ? std::vector{2} : std::vector{2, 3}) {
        Point others = random_point(symbols_, attempt, domain_);
        for (const std::string& name : names) follow(branch, name, others);
        if (names.size() == 1 || branch.threshold == Threshold::integer) continue;
        // A small region of several variables: from where each of them is nearest to the threshold.
        for (const std::string& name : names) settle(branch, name, others);
        is_settled_ = true;
        for (const std::string& name : names) follow(branch, name, others);
        is_settled_ = false;
      }
    }
    if (tries_residues_) {
      for (const std::string& name : symbols_) {
        for (slong residue = 0; residue < kFullPeriod; ++residue)
          add_point(random_point(symbols_, static_cast<int>(residue), domain_), name, Rational(residue));
      }
    }
    return std::move(result_);
  }

 private:
  Range range_of_constant(const Expr& expr) {
    Value value = evaluate(expr, {.precision = 64}, steps_);
    if (value.status == Value::Status::exact) return {value.rational, value.rational};
    if (!value.is_known() || !value.ball.is_real()) return {};
    const double middle = arf_get_d(arb_midref(value.ball.real()), ARF_RND_NEAR);
    const double around = 1e-9 * (1 + std::abs(middle));
    if (!std::isfinite(middle) || arb_rel_accuracy_bits(value.ball.real()) < 40) return {};
    return {exactly(middle - around), exactly(middle + around)};
  }

  // The range of an expression's values, as far as it follows from its form.
  Range range_of(const Expr& expr) {
    if (free_symbols(expr).empty()) return range_of_constant(expr);
    switch (expr.op) {
      case Op::add: {
        Range total{Rational(0), Rational(0)};
        for (const Expr& arg : expr.args) {
          const Range range = range_of(arg);
          total = {bound_sum(total.least, range.least), bound_sum(total.most, range.most)};
        }
        return total;
      }
      case Op::multiply: {  // a number times something
        if (expr.args.size() != 2 || expr.args[0].op != Op::number || expr.args[0].number.is_zero())
          return {};
        const Rational& factor = expr.args[0].number;
        const Range range = range_of(expr.args[1]);
        Range result{scaled(factor, range.least), scaled(factor, range.most)};
        if (factor.sign() < 0) std::swap(result.least, result.most);
        return result;
      }
      case Op::power: {
        const Expr &base = expr.args[0], &exponent = expr.args[1];
        if (base.op == Op::euler) return {.least = Rational(0)};
        if (exponent.op != Op::number) return {};
        const bool root = fmpz_is_even(exponent.number.denominator());
        if (root || is_number(exponent, 2) || is_number(exponent, 4)) return squared(base, root);
        return {};
      }
      case Op::call:
        switch (function_of(expr.text)) {
          case Function::sin:
          case Function::cos:
            return {Rational(-1), Rational(1)};
          case Function::abs:
          case Function::exp:
            return {.least = Rational(0)};
          case Function::cosh:
            return {.least = Rational(1)};
          case Function::max:
          case Function::min: {
            const bool larger = function_of(expr.text) == Function::max;
            Range range = range_of(expr.args[0]);
            for (const Expr& arg : expr.args) {
              const Range other = range_of(arg);
              range = {bound_of(larger, !larger, range.least, other.least),
                       bound_of(larger, larger, range.most, other.most)};
            }
            return range;
          }
          default:
            return {};
        }
      default:
        return {};
    }
  }

  // Of even powers, and of roots, which are not negative either.
  Range squared(const Expr& base, bool root) {
    Range result{.least = Rational(0)};
    const Range range = range_of(base);
    const bool within_one =
        range.least && range.most && !(*range.least < Rational(-1)) && !(Rational(1) < *range.most);
    if (within_one && !root) result.most = Rational(1);
    return result;
  }

  bool keeps_its_sign(const Expr& expr) {
    const Range range = range_of(expr);
    return (range.least && range.least->sign() >= 0) || (range.most && range.most->sign() <= 0);
  }

  void give_up() { result_.are_complete = false; }

  void push(const Expr& argument, Threshold threshold, const std::set<std::string>& bound) {
    const std::set<std::string> names = free_symbols(argument);
    const bool is_free = std::ranges::any_of(
        names, [&](const std::string& name) { return symbols_.contains(name) && !bound.contains(name); });
    if (!is_free || (threshold == Threshold::zero && keeps_its_sign(argument))) return;
    const bool within_sum =
        std::ranges::any_of(names, [&](const std::string& name) { return bound.contains(name); });
    if (within_sum) {
      if (domain_ != Domain::integers) give_up();
      return;
    }
    if (is_constant(argument)) return;
    const bool known = std::ranges::any_of(branches_, [&](const Branch& other) {
      return other.threshold == threshold && same_tree(other.argument, argument);
    });
    if (known) return;
    if (branches_.size() == kMaxBranches) return give_up();
    branches_.push_back({argument, threshold});
  }

  // n + 1 - n
  bool is_constant(const Expr& argument) {
    const Value value = evaluate(argument, {.point = random_point(symbols_, 0, domain_)}, steps_);
    return value.status == Value::Status::exact &&
           compare_forms(argument, make_number(value.rational), steps_) == FormMatch::same;
  }

  void collect_call(const Expr& expr, const std::set<std::string>& bound) {
    switch (function_of(expr.text)) {
      case Function::abs:
      case Function::sgn:
        for (const Expr& arg : expr.args) push(arg, Threshold::zero, bound);
        break;
      case Function::floor:
      case Function::ceil:
        for (const Expr& arg : expr.args) push(arg, Threshold::integer, bound);
        break;
      case Function::max:
      case Function::min:
        for (size_t i = 0; i < expr.args.size(); ++i) {
          for (size_t j = 0; j < i; ++j) push(subtract(expr.args[i], expr.args[j]), Threshold::zero, bound);
        }
        break;
      case Function::gcd:
      case Function::lcm:
      case Function::mod: {
        if (free_symbols(expr).empty()) break;
        tries_residues_ = true;
        const bool long_period = contains(expr, [](const Expr& part) {
          return part.op == Op::number && Rational(kFullPeriod) < part.number;
        });
        if (long_period) give_up();
        break;
      }
      default:
        break;
    }
  }

  double value_at(const Expr& argument, Point& point, const std::string& name, double at) {
    if (!std::isfinite(at)) return kNothing;
    point[name] = exactly(at);
    const Evaluation evaluation{.point = point, .precision = 64, .real_only = true, .empty_ranges = false};
    Value value = evaluate(argument, evaluation, steps_);
    if (!value.is_known()) return kNothing;
    make_ball(value, 64);
    if (!value.ball.is_real()) return kNothing;
    const double result = arf_get_d(arb_midref(value.ball.real()), ARF_RND_NEAR);
    if (result != 0 || arb_contains_zero(value.ball.real()) != 0) return result;
    return arb_is_positive(value.ball.real()) != 0 ? kLeast : -kLeast;
  }

  void add_point(Point point, const std::string& name, Rational value) {
    point[name] = std::move(value);
    result_.points.push_back(std::move(point));
  }

  // Of one coordinate, as the domain has them.
  void add_near(const Point& others, const std::string& name, double at) {
    if (!std::isfinite(at)) return;
    if (takes_integers(name, domain_)) {
      if (std::abs(at) > 1e15) return;
      for (const double whole : {std::floor(at), std::ceil(at)}) {
        if (tried_.insert({name, whole}).second) add_point(others, name, Rational(static_cast<slong>(whole)));
      }
      return;
    }
    if (!tried_.insert({name, at}).second) return;
    add_point(others, name, exactly(at));
  }

  // From near to far: what is small is as large as its distance from what is next to it.
  void add_around(const Point& others, const std::string& name, double at) {
    add_near(others, name, at);
    for (double distance = 0.25; distance > 1e-8; distance /= 8) {
      add_near(others, name, at - distance);
      add_near(others, name, at + distance);
    }
  }

  static constexpr double kFar[] = {1e100, 1e30, 1e15, 1e9, 1e6, 1e3, 128, 64, 32, 16};
  static constexpr double kClose[] = {1e-6, 1e-12, 1e-30, 1e-100};  // to 0

  static std::vector<double> grid(bool whole) {
    std::vector<double> result;
    if (whole) {
      for (double near = -16; near <= 48; ++near) result.push_back(near);
      for (const double far : {64.0, 128.0, 1e3, 1e6}) result.push_back(far);
      return result;
    }
    for (const double far : kFar) result.push_back(-far);
    for (double near = -8; near < 0; near += 0.25) result.push_back(near + 1e-3);  // off what is round
    for (const double close : kClose) result.push_back(-close);
    for (size_t i = std::size(kClose); i > 0; --i) result.push_back(kClose[i - 1]);
    for (double near = 0; near <= 8; near += 0.25) result.push_back(near + 1e-3);
    for (size_t i = std::size(kFar); i > 0; --i) result.push_back(kFar[i - 1]);
    return result;
  }

  // Changes its sign once: both sides of that place, and the place itself.
  bool cross_line(const Branch& branch, const std::string& name, const Point& others) {
    Expr along = branch.argument;
    for (const auto& [other, value] : others) {
      if (other != name) along = with_symbol(std::move(along), other, make_number(value));
    }
    Linear line;
    if (branch.threshold == Threshold::integer || !read_linear(along, name, line, steps_)) return false;
    if (line.slope.is_zero()) return true;
    Rational place;
    fmpq_div(place.get(), line.constant.get(), line.slope.get());
    fmpq_neg(place.get(), place.get());
    if (!takes_integers(name, domain_)) add_point(others, name, place);
    fmpz_fdiv_q(place.numerator(), place.numerator(), place.denominator());
    fmpz_one(place.denominator());
    for (const slong distance : {-1, 0, 1, 2}) {
      Rational near = place;
      fmpq_add_si(near.get(), near.get(), distance);
      add_point(others, name, std::move(near));
    }
    return true;
  }

  void follow(const Branch& branch, const std::string& name, Point others) {
    if (cross_line(branch, name, others)) return;
    const std::vector<double> places = grid(takes_integers(name, domain_));
    std::vector<double> values;
    for (const double place : places) values.push_back(value_at(branch.argument, others, name, place));
    if (steps_.exhausted()) return give_up();
    const size_t most = result_.points.size() + kMaxPoints;
    const bool may_be_flat = is_stepped(branch.argument) || keeps_its_sign(branch.argument);
    bool known = false;
    for (size_t i = 0; i < places.size(); ++i) known = known || std::isfinite(values[i]);
    if (!known) return give_up();
    for (size_t i = 0; i + 1 < places.size() && result_.points.size() < most; ++i) {
      if (changes(branch, values[i], values[i + 1])) {
        add_near(others, name, places[i]);
        add_near(others, name, places[i + 1]);
        if (branch.threshold == Threshold::point) cross(branch, name, others, places[i], places[i + 1]);
      }
      if (i == 0) continue;
      const double before = values[i - 1], here = values[i], after = values[i + 1];
      if (before == here && here == after) {
        if (!may_be_flat && std::abs(places[i]) <= 8 && std::abs(places[i]) > 0.01) give_up();
        continue;
      }
      const bool low = here <= before && here <= after, high = here >= before && here >= after;
      const bool towards_zero = (low && here > 0) || (high && here < 0);
      if (branch.threshold == Threshold::integer ? low || high : towards_zero)
        extreme(branch, name, others, places[i - 1], places[i + 1], high, before, after);
    }
    if (branch.threshold == Threshold::integer || may_be_flat) return;
    const auto may_cross_beyond = [&](size_t end, size_t before) {  // as ln x + 1000 does below 10^-100
      const double last = std::abs(values[end]), previous = std::abs(values[before]);
      return std::isfinite(previous) && last < previous && last > 1e-9 * previous;
    };
    const size_t count = places.size(),
                 zero = static_cast<size_t>(std::ranges::lower_bound(places, 0.0) - places.begin());
    if (may_cross_beyond(0, 1) || may_cross_beyond(count - 1, count - 2)) give_up();
    if (!takes_integers(name, domain_) &&
        (may_cross_beyond(zero - 1, zero - 2) || may_cross_beyond(zero, zero + 1)))
      give_up();
  }

  static bool changes(const Branch& branch, double a, double b) {
    if (!std::isfinite(a) || !std::isfinite(b)) return std::isfinite(a) != std::isfinite(b);
    if (branch.threshold == Threshold::integer) return std::floor(a) != std::floor(b);
    return (a < 0) != (b < 0);
  }

  // Whether it holds what is constant by pieces.
  static bool is_stepped(const Expr& expr) {
    return contains(expr, [](const Expr& part) {
      if (part.op != Op::call) return false;
      switch (function_of(part.text)) {
        case Function::abs:
        case Function::sgn:
        case Function::floor:
        case Function::ceil:
        case Function::max:
        case Function::min:
          return true;
        default:
          return false;
      }
    });
  }

  // The fraction that a place stands for, if the argument is exactly zero (or whole) there.
  bool is_exact_at(const Branch& branch, const std::string& name, Point others, double at) {
    for (slong under = 1; under <= 64; ++under) {
      const double over = std::round(at * static_cast<double>(under));
      if (std::abs(over) > 1e12 || std::abs(over / static_cast<double>(under) - at) > 1e-6) continue;
      others[name] = Rational(static_cast<slong>(over), static_cast<ulong>(under));
      fmpq_canonicalise(others[name].get());
      const Evaluation evaluation{.point = others, .precision = 64, .real_only = true, .empty_ranges = false};
      const Value value = evaluate(branch.argument, evaluation, steps_);
      if (value.status != Value::Status::exact) continue;
      const bool is_there =
          branch.threshold == Threshold::integer ? value.rational.is_integer() : value.rational.is_zero();
      if (!is_there) continue;
      result_.points.push_back(std::move(others));
      return true;
    }
    return false;
  }

  // A condition's border: the point itself must be reached.
  void cross(const Branch& branch, const std::string& name, Point others, double left, double right) {
    const bool below = value_at(branch.argument, others, name, left) < 0;
    for (int i = 0; i < 60; ++i) {
      const double middle = left + (right - left) / 2;
      ((value_at(branch.argument, others, name, middle) < 0) == below ? left : right) = middle;
    }
    add_near(others, name, left - 1e-6);
    add_near(others, name, right + 1e-6);
    if (!is_exact_at(branch, name, others, left)) give_up();
  }

  // Moves a variable to where the argument is nearest to zero.
  void settle(const Branch& branch, const std::string& name, Point& point) {
    const std::vector<double> places = grid(takes_integers(name, domain_));
    size_t best = 0;
    double nearest = std::numeric_limits<double>::infinity();
    Point others = point;
    for (size_t i = 0; i < places.size(); ++i) {
      const double value = value_at(branch.argument, others, name, places[i]);
      if (!(std::abs(value) < std::abs(nearest))) continue;
      nearest = value;
      best = i;
    }
    if (!std::isfinite(nearest)) return;
    const double left = places[best == 0 ? 0 : best - 1];
    const double right = places[std::min(best + 1, places.size() - 1)];
    const double place = extreme_between(branch, name, others, left, right, nearest < 0).place;
    if (std::isfinite(place))
      point[name] = takes_integers(name, domain_) ? exactly(std::round(place)) : exactly(place);
  }

  struct Extreme {
    double place = 0;
    double value = 0;
  };

  // A golden section for the largest or smallest value between two places.
  Extreme extreme_between(const Branch& branch, const std::string& name, Point& others, double left,
                          double right, bool is_high) {
    constexpr double kGolden = 0.6180339887498949;
    const auto value = [&](double at) {
      const double result = value_at(branch.argument, others, name, at);
      return is_high ? -result : result;
    };
    double low = right - kGolden * (right - left), high = left + kGolden * (right - left);
    double at_low = value(low), at_high = value(high);
    for (int i = 0; i < kSearchSteps; ++i) {
      if (at_low <= at_high) {
        right = std::exchange(high, low);
        at_high = at_low;
        low = right - kGolden * (right - left);
        at_low = value(low);
      } else {
        left = std::exchange(low, high);
        at_low = at_high;
        high = left + kGolden * (right - left);
        at_high = value(high);
      }
    }
    const double found = at_low <= at_high ? at_low : at_high;
    return {at_low <= at_high ? low : high, is_high ? -found : found};
  }

  void extreme(const Branch& branch, const std::string& name, Point others, double left, double right,
               bool is_high, double before, double after) {
    const auto [place, found] = extreme_between(branch, name, others, left, right, is_high);
    if (!std::isfinite(found)) return;
    const double scale = 1 + std::abs(before) + std::abs(after);
    const double threshold = branch.threshold == Threshold::integer ? std::round(found) : 0;
    const bool touches = std::abs(found - threshold) < kTouching * scale;
    const bool changes = Search::changes(branch, found, before) || Search::changes(branch, found, after);
    if (!touches && !changes) return;
    add_around(others, name, place);
    if (!touches || is_exact_at(branch, name, others, place)) return;
    if (is_settled_ && is_stepped(branch.argument)) return;  // |x + y| - |x - y| is 0 all along y = 0
    if (branch.threshold != Threshold::root || !keeps_its_sign(branch.argument)) give_up();
  }

  const std::set<std::string>& symbols_;
  Domain domain_;
  Steps& steps_;
  std::vector<Branch> branches_;
  bool tries_residues_ = false;
  bool is_settled_ = false;  // whether all variables are where the argument is nearest to its threshold
  std::set<std::pair<std::string, double>> tried_;
  BranchPoints result_;
};

}  // namespace

BranchPoints branch_points(const Expr& a, const Expr& b, const std::set<std::string>& symbols, Domain domain,
                           Steps& steps) {
  Search search(symbols, domain, steps);
  search.collect(a, {});
  search.collect(b, {});
  return search.run();
}

}  // namespace deepscaler
