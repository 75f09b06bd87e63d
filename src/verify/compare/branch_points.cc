#include "verify/compare/branch_points.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "verify/algebra/evaluate.h"
#include "verify/algebra/normal_form.h"
#include "verify/compare/branches.h"
#include "verify/compare/value_range.h"

namespace deepscaler {
namespace {

constexpr size_t kMaxPoints = 160;  // for one argument
constexpr int kSearchSteps = 40;    // of a golden section: to about 1e-8 of the grid's distance
constexpr double kTouching = 1e-9;  // nearer to a threshold than this, nobody can tell
constexpr double kLeast = 1e-300;   // in place of what a double can't hold
constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

// What a function of one variable is at a place.
struct Sample {
  double place = 0;
  double value = 0;
};

class Search {
 public:
  Search(Branches branches, const std::set<std::string>& symbols, Domain domain, Steps& steps)
      : branches_(std::move(branches)), symbols_(symbols), domain_(domain), steps_(steps) {
    result_.are_complete = branches_.are_complete;
  }

  BranchPoints run() {
    for (const Branch& branch : branches_.all) {
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
    if (branches_.has_residues) {
      for (const std::string& name : symbols_) {
        for (slong residue = 0; residue < kFullPeriod; ++residue)
          add_point(random_point(symbols_, static_cast<int>(residue), domain_), name, Rational(residue));
      }
    }
    return std::move(result_);
  }

 private:
  void give_up() { result_.are_complete = false; }

  double value_at(const Expr& argument, Point& point, const std::string& name, double at) {
    if (!std::isfinite(at)) return kNothing;
    point[name] = exactly(at);
    Evaluation evaluation{
        .point = std::move(point), .precision = 64, .real_only = true, .empty_ranges = false};
    Value value = evaluate(argument, evaluation, steps_);
    point = std::move(evaluation.point);
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
    if (branch.threshold == Threshold::integer) return false;
    const auto line = read_linear(along, name, steps_);
    if (!line) return false;
    if (line->slope.is_zero()) return true;
    Rational place;
    fmpq_div(place.get(), line->constant.get(), line->slope.get());
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
    const bool may_be_flat = is_stepped(branch.argument) || keeps_its_sign(branch.argument, steps_);
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
        extreme(branch, name, others, {places[i - 1], before}, {places[i + 1], after}, high);
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

  // A golden section for the largest or smallest value between two places.
  Sample extreme_between(const Branch& branch, const std::string& name, Point& others, double left,
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

  // Looks at the largest or smallest value between two places, where it touches its threshold or passes it.
  void extreme(const Branch& branch, const std::string& name, Point others, Sample before, Sample after,
               bool is_high) {
    const auto [place, found] = extreme_between(branch, name, others, before.place, after.place, is_high);
    if (!std::isfinite(found)) return;
    const double scale = 1 + std::abs(before.value) + std::abs(after.value);
    const double threshold = branch.threshold == Threshold::integer ? std::round(found) : 0;
    const bool touches = std::abs(found - threshold) < kTouching * scale;
    const bool changes =
        Search::changes(branch, found, before.value) || Search::changes(branch, found, after.value);
    if (!touches && !changes) return;
    add_around(others, name, place);
    if (!touches || is_exact_at(branch, name, others, place)) return;
    if (is_settled_ && is_stepped(branch.argument)) return;  // |x + y| - |x - y| is 0 all along y = 0
    if (branch.threshold != Threshold::root || !keeps_its_sign(branch.argument, steps_)) give_up();
  }

  Branches branches_;
  const std::set<std::string>& symbols_;
  Domain domain_;
  Steps& steps_;
  bool is_settled_ = false;  // whether all variables are where the argument is nearest to its threshold
  std::set<std::pair<std::string, double>> tried_;
  BranchPoints result_;
};

}  // namespace

BranchPoints branch_points(const Expr& a, const Expr& b, const std::set<std::string>& symbols, Domain domain,
                           Steps& steps) {
  return Search(branches_of(a, b, symbols, domain, steps), symbols, domain, steps).run();
}

}  // namespace deepscaler
