#include "verify/algebra/evaluate.h"

#include <vector>

#include "verify/algebra/arithmetic.h"
#include "verify/algebra/functions.h"

namespace deepscaler {
namespace {

using Status = Value::Status;

// Of the number in a node, where it holds one.
slong bits_of(const Expr& expr) {
  if (expr.op() == Op::number || expr.op() == Op::based) return expr.number().bits();
  return expr.op() == Op::quantity ? expr.measure().factor.bits() : 0;
}

class Evaluator {
 public:
  Evaluator(const Evaluation& evaluation, Steps& steps)
      : point_(evaluation.point),
        empty_ranges_(evaluation.empty_ranges),
        arithmetic_{evaluation.precision, evaluation.real_only, evaluation.natural_log, steps} {}

  Value value_of(const Expr& expr) {
    if (!arithmetic_.steps.spend(2 + bits_of(expr) / 64)) return failed_value(Status::out_of_reach);
    switch (expr.op()) {
      case Op::number:
      case Op::based:
        return exact_value(expr.number());
      case Op::symbol:
        return symbol(expr.name());
      case Op::pi:
      case Op::euler:
      case Op::imaginary:
        return constant(expr.op());
      case Op::infinity:  // as a part of something else
        return failed_value(Status::undefined);
      case Op::add:
      case Op::multiply:
        return fold(expr);
      case Op::power:
        return power(expr);
      case Op::call:
        return call(expr);
      case Op::sum:
      case Op::product:
        return series(expr);
      case Op::percent:
        return scaled(expr, Rational(100), true);
      case Op::quantity:
        return scaled(expr, expr.measure().factor, false);
      case Op::degrees:
        return arithmetic_.multiply(arithmetic_.multiply(value_of(expr.args[0]), constant(Op::pi)),
                                    exact_value(reciprocal(Rational(180))));
      case Op::ratio:
        return expr.args.size() == 2 ? quotient(expr) : failed_value(Status::out_of_reach);
      default:
        return failed_value(Status::out_of_reach);
    }
  }

 private:
  static Rational reciprocal(Rational value) {
    fmpq_inv(value.get(), value.get());
    return value;
  }

  Value symbol(const std::string& name) {
    const auto index = indices_.find(name);
    if (index != indices_.end()) return exact_value(index->second);
    const auto found = point_.find(name);
    return found == point_.end() ? failed_value(Status::out_of_reach) : exact_value(found->second);
  }

  Value constant(Op op) const {
    Value value;
    value.status = Status::ball;
    if (op == Op::pi) {
      acb_const_pi(value.ball.get(), arithmetic_.precision);
    } else if (op == Op::euler) {
      arb_const_e(value.ball.real(), arithmetic_.precision);
    } else {
      acb_onei(value.ball.get());
    }
    return value;
  }

  Value fold(const Expr& expr) {
    Value result = value_of(expr.args[0]);
    for (size_t i = 1; i < expr.args.size(); ++i) {
      Value next = value_of(expr.args[i]);
      result = expr.op() == Op::add ? arithmetic_.add(std::move(result), std::move(next))
                                    : arithmetic_.multiply(std::move(result), std::move(next));
    }
    return result;
  }

  Value scaled(const Expr& expr, const Rational& factor, bool divide) {
    if (factor.is_zero()) return failed_value(Status::out_of_reach);
    return arithmetic_.multiply(value_of(expr.args[0]), exact_value(divide ? reciprocal(factor) : factor));
  }

  Value quotient(const Expr& expr) {
    return arithmetic_.multiply(value_of(expr.args[0]),
                                arithmetic_.power(value_of(expr.args[1]), exact_value(Rational(-1))));
  }

  Value power(const Expr& expr) {
    const Value exponent = value_of(expr.args[1]);
    if (expr.args[0].op() == Op::euler) return arithmetic_.exponential(exponent);
    return arithmetic_.power(value_of(expr.args[0]), exponent);
  }

  Value call(const Expr& expr) {
    const Function function = expr.function();
    if (function == Function::unknown) return symbol(to_text(expr));
    std::vector<Value> args;
    for (const Expr& arg : expr.args) {
      args.push_back(value_of(arg));
      if (!args.back().is_known()) return std::move(args.back());
    }
    return arithmetic_.apply(function, args);
  }

  // A sum or product over a finite range; its index hides a variable of the same name.
  Value series(const Expr& expr) {
    const Value from = value_of(expr.args[1]), to = value_of(expr.args[2]);
    const bool integers = from.status == Status::exact && to.status == Status::exact &&
                          from.rational.is_integer() && to.rational.is_integer() &&
                          from.rational.bits() < 40 && to.rational.bits() < 40;
    if (!integers) return failed_value(Status::out_of_reach);
    const slong first = fmpz_get_si(from.rational.numerator()), last = fmpz_get_si(to.rational.numerator());
    if (last < first - (empty_ranges_ ? 1 : 0)) return failed_value(Status::undefined);
    const std::string& index = expr.args[0].name();
    const auto hidden = indices_.find(index);
    const bool hides = hidden != indices_.end();
    const Rational outer = hides ? hidden->second : Rational();
    Value result = exact_value(Rational(expr.op() == Op::sum ? 0 : 1));
    for (slong i = first; i <= last && (result.is_known()); ++i) {
      indices_[index] = Rational(i);
      Value term = value_of(expr.args[3]);
      result = expr.op() == Op::sum ? arithmetic_.add(std::move(result), std::move(term))
                                    : arithmetic_.multiply(std::move(result), std::move(term));
    }
    if (hides) {
      indices_[index] = outer;
    } else {
      indices_.erase(index);
    }
    return result;
  }

  const std::map<std::string, Rational>& point_;
  std::map<std::string, Rational> indices_;  // of the sums around, which hide variables
  bool empty_ranges_;
  Arithmetic arithmetic_;
};

}  // namespace

Value evaluate(const Expr& expr, const Evaluation& evaluation, Steps& steps) {
  return Evaluator(evaluation, steps).value_of(expr);
}

void make_ball(Value& value, slong precision) {
  if (value.status != Status::exact) return;
  arb_set_fmpq(value.ball.real(), value.rational.get(), precision);
  value.status = Status::ball;
}

}  // namespace deepscaler
