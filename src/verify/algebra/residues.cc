#include "verify/algebra/residues.h"

#include <flint/nmod_vec.h>
#include <flint/ulong_extras.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

#include "base/rng.h"
#include "verify/algebra/evaluate.h"
#include "verify/algebra/functions.h"

namespace deepscaler {
namespace {

// Factorials are worked out from the nearest one that is known; farther ones are unknowns.
constexpr slong kMaxFactors = 20'000;
constexpr slong kMaxTerms = 5'000;
constexpr slong kMaxRootDegree = 12;

// Residues modulo one prime.
class Residues {
 public:
  Residues(ulong prime, uint64_t seed, Steps& steps) : seed_(seed), steps_(steps) { nmod_init(&mod_, prime); }

  [[nodiscard]] bool has_unknowns() const { return has_unknowns_; }

  // Of expr to the power `times`, which is multiplied into the exponents; nothing where there is none.
  std::optional<ulong> of(const Expr& expr, slong times = 1) {
    if (!steps_.spend(2)) return std::nullopt;
    if (expr.op() == Op::multiply && times != 1) {
      std::optional<ulong> result = 1;
      for (const Expr& factor : expr.args) result = product(result, of(factor, times));
      return result;
    }
    if (expr.op() == Op::power) return power(expr, times);
    return raised(plain(expr), Rational(times));
  }

 private:
  std::optional<ulong> plain(const Expr& expr) {
    switch (expr.op()) {
      case Op::number:
      case Op::based:
        return of(expr.number());
      case Op::symbol: {
        const auto found = at_.point.find(expr.name());
        return found == at_.point.end() ? unknown(expr.name()) : of(found->second);
      }
      case Op::add: {
        ulong total = 0;
        for (const Expr& term : expr.args) {
          const auto next = of(term);
          if (!next) return std::nullopt;
          total = nmod_add(total, *next, mod_);
        }
        return total;
      }
      case Op::multiply: {
        std::optional<ulong> result = 1;
        for (const Expr& factor : expr.args) result = product(result, of(factor));
        return result;
      }
      case Op::sum:
      case Op::product:
        return series(expr);
      case Op::percent:
        return product(of(expr.args[0]), of(Rational(1, 100)));
      case Op::call:
        return call(expr);
      default:
        return unknown(to_text(expr));
    }
  }

  std::optional<ulong> of(const Rational& number) {
    if (!steps_.spend(1 + number.bits() / 64)) return std::nullopt;
    const ulong under = fmpz_fdiv_ui(number.denominator(), mod_.n);
    if (under == 0) return std::nullopt;
    return nmod_mul(fmpz_fdiv_ui(number.numerator(), mod_.n), nmod_inv(under, mod_), mod_);
  }

  std::optional<ulong> product(std::optional<ulong> a, std::optional<ulong> b) const {
    if (!a || !b) return std::nullopt;
    return nmod_mul(*a, *b, mod_);
  }

  // The same for the same name, and as good as random.
  std::optional<ulong> unknown(const std::string& name) {
    has_unknowns_ = true;
    return 2 + Rng(seed_, {hash_name(name)}).bits(0) % (mod_.n - 2);
  }

  // A number that evaluate() knows exactly.
  std::optional<Rational> exact(const Expr& expr) {
    Value value = evaluate(expr, at_, steps_);
    if (value.status != Value::Status::exact) return std::nullopt;
    return std::move(value.rational);
  }

  std::optional<slong> exact_integer(const Expr& expr) {
    const auto number = exact(expr);
    if (!number || !number->is_integer() || number->bits() > 50) return std::nullopt;
    return fmpz_get_si(number->numerator());
  }

  // base^exponent for a whole exponent of any size: it counts modulo p - 1.
  std::optional<ulong> raised(std::optional<ulong> base, const Rational& exponent) const {
    if (!base || !exponent.is_integer()) return std::nullopt;
    if (*base == 0) return exponent.sign() > 0 ? std::optional<ulong>(0) : std::nullopt;
    return nmod_pow_ui(*base, fmpz_fdiv_ui(exponent.numerator(), mod_.n - 1), mod_);
  }

  std::optional<ulong> power(const Expr& expr, slong times) {
    const Expr& base = expr.args[0];
    std::optional<Rational> exponent = exact(expr.args[1]);
    if (!exponent) {
      const auto reduced = times == 1 ? exponent_residue(expr.args[1]) : std::nullopt;
      if (!reduced) return raised(unknown(to_text(expr)), Rational(times));
      const auto below = of(base);
      if (!below || *below == 0) return std::nullopt;
      return nmod_pow_ui(*below, *reduced, mod_);
    }
    fmpq_mul_si(exponent->get(), exponent->get(), times);
    if (exponent->is_integer()) return raised(of(base), *exponent);
    Rational root(1);  // an unknown for each root, of which powers are taken
    fmpz_set(root.denominator(), exponent->denominator());
    Rational over;
    fmpz_set(over.numerator(), exponent->numerator());
    return raised(unknown(to_text(make_node(Op::power, {base, make_number(root)}))), over);
  }

  // A whole number at least 0 modulo p - 1: products and sums of numbers and their exact powers.
  std::optional<ulong> exponent_residue(const Expr& expr) {
    nmod_t order;
    nmod_init(&order, mod_.n - 1);
    if (!steps_.spend(4)) return std::nullopt;
    switch (expr.op()) {
      case Op::number:
        if (!expr.number().is_integer() || expr.number().sign() < 0) return std::nullopt;
        return fmpz_fdiv_ui(expr.number().numerator(), order.n);
      case Op::add:
      case Op::multiply: {
        ulong total = expr.op() == Op::add ? 0 : 1;
        for (const Expr& arg : expr.args) {
          const auto next = exponent_residue(arg);
          if (!next) return std::nullopt;
          total = expr.op() == Op::add ? nmod_add(total, *next, order) : nmod_mul(total, *next, order);
        }
        return total;
      }
      case Op::power: {
        const auto base = exponent_residue(expr.args[0]);
        const auto exponent = exact(expr.args[1]);
        const bool whole = exponent && exponent->is_integer() && exponent->sign() >= 0;
        if (!base || !whole || !steps_.spend(exponent->bits())) return std::nullopt;
        fmpz_t result, modulus;
        fmpz_init_set_ui(result, *base);
        fmpz_init_set_ui(modulus, order.n);
        fmpz_powm(result, result, exponent->numerator(), modulus);
        const ulong residue = fmpz_get_ui(result);
        fmpz_clear(result);
        fmpz_clear(modulus);
        return residue;
      }
      default:
        return std::nullopt;
    }
  }

  std::optional<ulong> call(const Expr& expr) {
    const Function function = expr.function();
    const auto args_are = [&](size_t count) { return expr.args.size() == count; };
    if (function == Function::factorial && args_are(1)) {
      const auto n = exact_integer(expr.args[0]);
      if (n && *n >= 0) return factorial(*n);
    }
    if ((function == Function::binom || function == Function::permutations) && args_are(2)) {
      const auto n = exact_integer(expr.args[0]), k = exact_integer(expr.args[1]);
      if (n && k && *k >= 0 && *k <= *n) {
        const auto orders = product(factorial(*n), raised(factorial(*n - *k), Rational(-1)));
        return function == Function::permutations ? orders
                                                  : product(orders, raised(factorial(*k), Rational(-1)));
      }
    }
    return unknown(to_text(expr));
  }

  std::optional<ulong> factorial(slong n) {
    const auto above = factorials_.lower_bound(n);
    std::optional<std::pair<slong, ulong>> near;
    if (above != factorials_.end()) near = *above;
    if (above != factorials_.begin()) {
      const auto below = std::prev(above);
      if (!near || n - below->first < near->first - n) near = *below;
    }
    if (!near || std::abs(near->first - n) > kMaxFactors) {
      const auto fresh = unknown(std::to_string(n) + "!");
      factorials_[n] = *fresh;
      return fresh;
    }
    const auto& [from, known] = *near;
    if (!steps_.spend(1 + std::abs(n - from) / 8)) return std::nullopt;
    ulong factor = 1;
    for (slong i = std::min(n, from) + 1; i <= std::max(n, from); ++i) {
      factor = nmod_mul(factor, static_cast<ulong>(i), mod_);
    }
    const ulong result = nmod_mul(known, n > from ? factor : nmod_inv(factor, mod_), mod_);
    factorials_[n] = result;
    return result;
  }

  std::optional<ulong> series(const Expr& expr) {
    const auto first = exact_integer(expr.args[1]), last = exact_integer(expr.args[2]);
    const std::string& index = expr.args[0].name();
    if (!first || !last || *last - *first > kMaxTerms || at_.point.contains(index)) {
      return unknown(to_text(expr));
    }
    std::optional<ulong> result = expr.op() == Op::sum ? 0 : 1;
    for (slong i = *first; i <= *last && result; ++i) {
      at_.point[index] = Rational(i);
      const auto term = of(expr.args[3]);
      if (expr.op() == Op::product) {
        result = product(result, term);
      } else {
        result = term ? std::optional(nmod_add(*result, *term, mod_)) : std::nullopt;
      }
    }
    at_.point.erase(index);
    return result;
  }

  nmod_t mod_;
  uint64_t seed_;
  Steps& steps_;
  Evaluation at_;
  std::map<slong, ulong> factorials_{{0, 1}};
  bool has_unknowns_ = false;
};

// What the roots among the factors must be raised to to be none.
slong root_degree(const Expr& expr) {
  if (expr.op() == Op::power && expr.args[1].op() == Op::number) {
    return fmpz_cmp_si(expr.args[1].number().denominator(), kMaxRootDegree) <= 0
               ? fmpz_get_si(expr.args[1].number().denominator())
               : kMaxRootDegree + 1;
  }
  if (expr.op() != Op::multiply) return 1;
  slong degree = 1;
  for (const Expr& factor : expr.args) degree = std::lcm(degree, std::min(root_degree(factor), slong{13}));
  return degree;
}

// Of both sides to the power `times`, modulo all primes.
ResidueMatch compare_powers(const Expr& a, const Expr& b, slong times, int primes, uint64_t key,
                            Steps& steps) {
  bool same = true;
  for (int i = 0; i < primes; ++i) {
    if (!steps.spend(300)) return ResidueMatch::open;
    const ulong prime =
        n_nextprime((1UL << 61) + Rng(key, {1}).bits(static_cast<uint64_t>(i)) % (1UL << 60), 1);
    std::optional<ulong> difference;
    for (const uint64_t seed : {key + 2, key + 3}) {  // two choices of the unknowns
      Residues residues(prime, seed, steps);
      const auto left = residues.of(a, times), right = residues.of(b, times);
      if (!left || !right) return ResidueMatch::open;
      same = same && *left == *right;
      const ulong apart = n_submod(*left, *right, prime);
      if (!residues.has_unknowns()) {
        if (apart != 0) return ResidueMatch::different;
        break;
      }
      // Unknowns that cancel leave the rational number by which the two differ.
      if (apart != 0 && difference && *difference == apart) return ResidueMatch::different;
      difference = apart;
    }
    if (!same) return ResidueMatch::open;
  }
  return ResidueMatch::same;
}

}  // namespace

ResidueMatch compare_residues(const Expr& a, const Expr& b, bool same_sign, int primes, Steps& steps) {
  const uint64_t key = hash_name(to_text(a)) * 31 + hash_name(to_text(b));
  const ResidueMatch plain = compare_powers(a, b, 1, primes, key, steps);
  const slong degree = std::lcm(root_degree(a), root_degree(b));
  if (plain != ResidueMatch::open || !same_sign || degree == 1 || degree > kMaxRootDegree) return plain;
  return compare_powers(a, b, degree, primes, key, steps);
}

}  // namespace deepscaler
