#include "verify/compare/real_set.h"

#include <algorithm>

#include "verify/algebra/functions.h"
#include "verify/algebra/normal_form.h"

namespace deepscaler {
namespace {

constexpr size_t kMaxParts = 64;

Expr infinity(int sign) {
  Expr result = make_node(Op::infinity);
  return sign < 0 ? negate(std::move(result)) : result;
}

RealInterval everything() { return {infinity(-1), infinity(1), false, false}; }

bool is_unbounded(const Expr& end) {
  return end.op() == Op::infinity || (end.op() == Op::multiply && end.args.back().op() == Op::infinity);
}

// Reads sets and works with them; `ok` turns false where an order is not known.
class Reader {
 public:
  explicit Reader(Steps& steps) : steps_(steps) {}

  bool ok = true;
  std::string variable;

  std::vector<RealInterval> read(const Expr& expr) {
    if (!ok || !steps_.spend(10)) return refuse();
    switch (expr.op()) {
      case Op::reals:
        return {everything()};
      case Op::tuple:
        return interval(expr);
      case Op::set:
        return points(expr);
      case Op::set_union: {
        std::vector<RealInterval> result;
        for (const Expr& part : expr.args) {
          for (RealInterval& interval : read(part)) result.push_back(std::move(interval));
        }
        return sorted(std::move(result));
      }
      case Op::set_intersection:
        return intersect(read(expr.args[0]), read(expr.args[1]));
      case Op::set_difference:
        return intersect(read(expr.args[0]), complement(read(expr.args[1])));
      case Op::list:
        return list(expr);
      case Op::relation:
        return relation(expr);
      default:
        return refuse();
    }
  }

  std::vector<RealInterval> unite(std::vector<RealInterval> a, std::vector<RealInterval> b) {
    for (RealInterval& part : b) a.push_back(std::move(part));
    return sorted(std::move(a));
  }

 private:
  std::vector<RealInterval> refuse() {
    ok = false;
    return {};
  }

  int order(const Expr& a, const Expr& b) {
    const auto result = order_of(a, b, steps_);
    ok = ok && result.has_value();
    return result.value_or(0);
  }

  bool is_empty(const RealInterval& part) {
    const int ends = order(part.low, part.high);
    return ends > 0 || (ends == 0 && !(part.low_closed && part.high_closed));
  }

  // Ascending, with parts that touch or overlap joined.
  std::vector<RealInterval> sorted(std::vector<RealInterval> parts) {
    if (parts.size() > kMaxParts) return refuse();
    std::erase_if(parts, [&](const RealInterval& part) { return is_empty(part); });
    for (size_t i = 1; ok && i < parts.size(); ++i) {  // insertion: `order` is no strict order when it fails
      for (size_t j = i; j > 0 && ok && order(parts[j].low, parts[j - 1].low) < 0; --j)
        std::swap(parts[j], parts[j - 1]);
    }
    std::vector<RealInterval> result;
    for (RealInterval& part : parts) {
      if (!ok) return {};
      if (!result.empty()) {
        RealInterval& last = result.back();
        const int gap = order(last.high, part.low);
        if (gap > 0 || (gap == 0 && (last.high_closed || part.low_closed))) {
          if (order(last.low, part.low) == 0) last.low_closed |= part.low_closed;
          const int ends = order(last.high, part.high);
          if (ends == 0) last.high_closed |= part.high_closed;
          if (ends < 0) {
            last.high = std::move(part.high);
            last.high_closed = part.high_closed;
          }
          continue;
        }
      }
      result.push_back(std::move(part));
    }
    return result;
  }

  std::vector<RealInterval> intersect(const std::vector<RealInterval>& a,
                                      const std::vector<RealInterval>& b) {
    std::vector<RealInterval> result;
    for (const RealInterval& x : a) {
      for (const RealInterval& y : b) {
        if (!ok || result.size() > kMaxParts) return refuse();
        RealInterval both = x;
        const int low = order(x.low, y.low), high = order(x.high, y.high);
        if (low < 0) both.low = y.low, both.low_closed = y.low_closed;
        if (low == 0) both.low_closed = x.low_closed && y.low_closed;
        if (high > 0) both.high = y.high, both.high_closed = y.high_closed;
        if (high == 0) both.high_closed = x.high_closed && y.high_closed;
        result.push_back(std::move(both));
      }
    }
    return sorted(std::move(result));
  }

  std::vector<RealInterval> complement(const std::vector<RealInterval>& parts) {
    std::vector<RealInterval> result;
    RealInterval gap = everything();
    for (const RealInterval& part : parts) {
      gap.high = part.low;
      gap.high_closed = !part.low_closed;
      if (!is_unbounded(part.low)) result.push_back(gap);
      gap.low = part.high;
      gap.low_closed = !part.high_closed;
    }
    gap.high = infinity(1);
    gap.high_closed = false;
    if (parts.empty() || !is_unbounded(parts.back().high)) result.push_back(gap);
    return sorted(std::move(result));
  }

  bool is_end(const Expr& expr) const { return is_scalar(expr.op()) && free_symbols(expr).empty(); }

  std::vector<RealInterval> interval(const Expr& expr) {
    if (expr.args.size() != 2 || !is_end(expr.args[0]) || !is_end(expr.args[1])) return refuse();
    const auto [low, high] = expr.brackets();
    return sorted({{expr.args[0], expr.args[1], low == Bound::closed && !is_unbounded(expr.args[0]),
                    high == Bound::closed && !is_unbounded(expr.args[1])}});
  }

  std::vector<RealInterval> points(const Expr& expr) {
    std::vector<RealInterval> result;
    for (const Expr& point : expr.args) {
      if (!is_end(point)) return refuse();
      result.push_back({point, point, true, true});
    }
    return sorted(std::move(result));
  }

  // "x < 1 or x > 3" unites, "x > 1 and x < 3" intersects, and a comma means what gives anything.
  std::vector<RealInterval> list(const Expr& expr) {
    std::vector<std::vector<RealInterval>> sets;
    const Expr& first = expr.args.front();
    const bool excludes = is_relation(first, Relation::not_equal);
    for (const Expr& item : expr.args) {
      if (excludes && is_end(item)) {  // "x \ne 3, -3"
        sets.push_back(relation(make_relation(first.args[0], Relation::not_equal, item)));
        continue;
      }
      if (item.op() != Op::relation && item.op() != Op::tuple) return refuse();
      sets.push_back(read(item));
    }
    std::vector<RealInterval> all = sets.front(), any = sets.front();
    for (size_t i = 1; ok && i < sets.size(); ++i) {
      all = intersect(all, sets[i]);
      any = unite(std::move(any), sets[i]);
    }
    const bool only_intervals = std::all_of(expr.args.begin(), expr.args.end(),
                                            [](const Expr& item) { return item.op() == Op::tuple; });
    const bool any_will_do =
        only_intervals || expr.join() == Join::disjunction || (expr.join() == Join::comma && all.empty());
    if (any_will_do) return any;
    return all;
  }

  bool set_variable(const std::string& name) {
    if (variable.empty()) variable = name;
    return variable == name;
  }

  // One operand holds the variable; its neighbours bound it.
  std::vector<RealInterval> relation(const Expr& expr) {
    if (is_relation(expr, Relation::element_of)) {
      if (!set_variable(to_text(expr.args[0]))) return refuse();
      return read(expr.args[1]);
    }
    std::optional<size_t> middle;
    for (size_t i = 0; i < expr.args.size(); ++i) {
      if (!is_scalar(expr.args[i].op())) return refuse();
      if (free_symbols(expr.args[i]).empty()) continue;
      if (middle) return refuse();
      middle = i;
    }
    if (!middle || *middle > 1 || expr.args.size() > *middle + 2) return refuse();
    std::vector<RealInterval> result = {everything()};
    if (*middle == 1) result = bounded(expr.args[1], flipped(expr.relations()[0]), expr.args[0]);
    if (*middle + 1 < expr.args.size()) {
      result =
          intersect(result, bounded(expr.args[*middle], expr.relations()[*middle], expr.args[*middle + 1]));
    }
    return result;
  }

  static Relation flipped(Relation sign) {
    switch (sign) {
      case Relation::less:
        return Relation::greater;
      case Relation::greater:
        return Relation::less;
      case Relation::at_most:
        return Relation::at_least;
      case Relation::at_least:
        return Relation::at_most;
      default:
        return sign;
    }
  }

  // The values of the variable for which `quantity sign bound` holds.
  std::vector<RealInterval> bounded(const Expr& quantity, Relation sign, Expr bound) {
    if (quantity.op() == Op::call && quantity.function() == Function::abs) {
      const Expr& inner = quantity.args[0];
      switch (sign) {
        case Relation::less:
        case Relation::at_most:
          return intersect(bounded(inner, sign, bound), bounded(inner, flipped(sign), negate(bound)));
        case Relation::greater:
        case Relation::at_least:
          return unite(bounded(inner, sign, bound), bounded(inner, flipped(sign), negate(bound)));
        case Relation::not_equal:
          return intersect(bounded(inner, sign, bound), bounded(inner, sign, negate(bound)));
        default:
          return refuse();
      }
    }
    const std::set<std::string> symbols = free_symbols(quantity);
    const bool is_name = quantity.op() == Op::symbol || quantity.op() == Op::call;
    if (!is_name) {
      const auto linear =
          symbols.size() == 1 ? read_linear(quantity, *symbols.begin(), steps_) : std::nullopt;
      if (!linear || linear->slope.is_zero()) return refuse();
      if (!is_unbounded(bound)) {
        bound = divide(subtract(std::move(bound), make_number(linear->constant)), make_number(linear->slope));
      } else if (linear->slope.sign() < 0) {
        bound = negate(std::move(bound));
      }
      if (linear->slope.sign() < 0) sign = flipped(sign);
    }
    if (!set_variable(is_name ? to_text(quantity) : *symbols.begin())) return refuse();
    RealInterval part = everything();
    const bool finite = !is_unbounded(bound);
    switch (sign) {
      case Relation::less:
      case Relation::at_most:
        part.high = std::move(bound);
        part.high_closed = sign == Relation::at_most && finite;
        return {part};
      case Relation::greater:
      case Relation::at_least:
        part.low = std::move(bound);
        part.low_closed = sign == Relation::at_least && finite;
        return {part};
      case Relation::not_equal:
        return complement({{bound, bound, true, true}});
      case Relation::equal:
        return {{bound, bound, true, true}};
      default:
        return refuse();
    }
  }

  Steps& steps_;
};

}  // namespace

std::optional<RealSet> read_real_set(const Expr& expr, Steps& steps) {
  Reader reader(steps);
  std::vector<RealInterval> parts = reader.read(expr);
  if (!reader.ok) return std::nullopt;
  return RealSet{std::move(reader.variable), std::move(parts)};
}

Match compare_real_sets(const RealSet& reference, const RealSet& answer, const Policy& policy, Steps& steps) {
  const bool other_variable =
      !reference.variable.empty() && !answer.variable.empty() && reference.variable != answer.variable;
  if (other_variable || reference.parts.size() != answer.parts.size()) return Match::different;
  Match result = Match::equal;
  for (size_t i = 0; i < reference.parts.size(); ++i) {
    const RealInterval &a = reference.parts[i], &b = answer.parts[i];
    if (a.low_closed != b.low_closed || a.high_closed != b.high_closed) return Match::different;
    for (const auto& [expected, given] : {std::pair(&a.low, &b.low), std::pair(&a.high, &b.high)}) {
      const Match match = compare_scalars(*expected, *given, policy, steps);
      if (match == Match::different) return match;
      result = std::max(result, match);
    }
  }
  return result;
}

}  // namespace deepscaler
