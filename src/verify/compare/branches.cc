#include "verify/compare/branches.h"

#include <algorithm>
#include <utility>

#include "verify/algebra/evaluate.h"
#include "verify/algebra/functions.h"
#include "verify/algebra/normal_form.h"
#include "verify/compare/value_range.h"

namespace deepscaler {
namespace {

constexpr size_t kMaxBranches = 12;

class Collector {
 public:
  Collector(const std::set<std::string>& symbols, Domain domain, Steps& steps)
      : symbols_(symbols), domain_(domain), steps_(steps) {}

  // Branch arguments of a tree; `bound` are the names of sums around it.
  void collect(const Expr& expr, std::set<std::string> bound) {
    if (!steps_.spend(2)) return give_up();
    if (binds_a_name(expr.op()) && !expr.args.empty()) bound.insert(expr.args[0].name());
    if (expr.op() == Op::power) {
      const Expr &base = expr.args[0], &exponent = expr.args[1];
      if (exponent.op() == Op::number && fmpz_is_even(exponent.number().denominator()))
        push(base, Threshold::root, bound);
      if (is_number(base, 0)) push(exponent, Threshold::zero, bound);
    }
    if (expr.op() == Op::call) collect_call(expr, bound);
    if (expr.op() == Op::relation) {  // a condition
      for (size_t i = 0; i + 1 < expr.args.size(); ++i) {
        if (is_scalar(expr.args[i].op()) && is_scalar(expr.args[i + 1].op()))
          push(subtract(expr.args[i], expr.args[i + 1]), Threshold::point, bound);
      }
    }
    for (const Expr& arg : expr.args) collect(arg, bound);
  }

  Branches take() { return std::move(result_); }

 private:
  void give_up() { result_.are_complete = false; }

  void push(const Expr& argument, Threshold threshold, const std::set<std::string>& bound) {
    const std::set<std::string> names = free_symbols(argument);
    const bool is_free = std::ranges::any_of(
        names, [&](const std::string& name) { return symbols_.contains(name) && !bound.contains(name); });
    if (!is_free || (threshold == Threshold::zero && keeps_its_sign(argument, steps_))) return;
    const bool within_sum =
        std::ranges::any_of(names, [&](const std::string& name) { return bound.contains(name); });
    if (within_sum) {
      if (domain_ != Domain::integers) give_up();
      return;
    }
    if (is_constant(argument)) return;
    const bool known = std::ranges::any_of(result_.all, [&](const Branch& other) {
      return other.threshold == threshold && same_tree(other.argument, argument);
    });
    if (known) return;
    if (result_.all.size() == kMaxBranches) return give_up();
    result_.all.push_back({argument, threshold});
  }

  // n + 1 - n
  bool is_constant(const Expr& argument) {
    const Value value = evaluate(argument, {.point = random_point(symbols_, 0, domain_)}, steps_);
    return value.status == Value::Status::exact &&
           compare_forms(argument, make_number(value.rational), steps_) == FormMatch::same;
  }

  void collect_call(const Expr& expr, const std::set<std::string>& bound) {
    switch (expr.function()) {
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
        result_.has_residues = true;
        const bool long_period = contains(expr, [](const Expr& part) {
          return part.op() == Op::number && Rational(kFullPeriod) < part.number();
        });
        if (long_period) give_up();
        break;
      }
      default:
        break;
    }
  }

  const std::set<std::string>& symbols_;
  Domain domain_;
  Steps& steps_;
  Branches result_;
};

}  // namespace

Branches branches_of(const Expr& a, const Expr& b, const std::set<std::string>& symbols, Domain domain,
                     Steps& steps) {
  Collector collector(symbols, domain, steps);
  collector.collect(a, {});
  collector.collect(b, {});
  return collector.take();
}

// Whether it holds what is constant by pieces.
bool is_stepped(const Expr& expr) {
  return contains(expr, [](const Expr& part) {
    if (part.op() != Op::call) return false;
    switch (part.function()) {
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

}  // namespace deepscaler
