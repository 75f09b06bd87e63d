// Lists with dots: 1, 2, ..., n and 1, 2, 3, ..., n; 2, 4, ..., 10 and its five numbers.
#include <algorithm>

#include "verify/compare/comparer.h"

namespace deepscaler {
namespace {

constexpr slong kMaxElements = 500;  // of what is written out

bool is_dots(const Expr& expr) { return is_symbol(expr, SymbolKind::dots); }

struct DottedList {
  std::vector<Expr> first, last;  // before and behind the dots
  bool has_dots = false;
};

// Nothing where there are dots in two places.
std::optional<DottedList> read_dots(const std::vector<Expr>& elements) {
  DottedList result;
  for (const Expr& element : elements) {
    if (is_dots(element)) {
      if (result.has_dots) return std::nullopt;
      result.has_dots = true;
    } else {
      (result.has_dots ? result.last : result.first).push_back(element);
    }
  }
  return result;
}

bool is_whole(const Expr& expr) {
  return expr.op() == Op::number && expr.number().is_integer() && expr.number().bits() < 30;
}

// By how much the whole numbers at the front grow; one number alone is taken to grow by 1.
std::optional<slong> step_of(const std::vector<Expr>& first) {
  if (first.empty() || !std::ranges::all_of(first, is_whole)) return std::nullopt;
  const auto at = [&](size_t i) { return fmpz_get_si(first[i].number().numerator()); };
  const slong step = first.size() > 1 ? at(1) - at(0) : 1;
  for (size_t i = 1; i < first.size(); ++i) {
    if (at(i) - at(i - 1) != step) return std::nullopt;
  }
  if (step == 0) return std::nullopt;
  return step;
}

// The elements, with those that the dots leave out if they are whole numbers at equal distances.
DottedList written_out(DottedList list) {
  const auto step = step_of(list.first);
  if (!list.has_dots || !step || list.last.empty() || !std::ranges::all_of(list.last, is_whole)) return list;
  const slong from = fmpz_get_si(list.first.back().number().numerator());
  const slong to = fmpz_get_si(list.last.front().number().numerator());
  const slong between = (to - from) / *step;
  if ((to - from) % *step != 0 || between < 1 || between > kMaxElements) return list;
  for (slong i = 1; i < between; ++i) list.first.push_back(make_number(from + i * *step));
  for (Expr& element : list.last) list.first.push_back(std::move(element));
  return {.first = std::move(list.first), .last = {}, .has_dots = false};
}

}  // namespace

// Nothing where neither side has dots.
std::optional<Match> Comparer::with_dots(const Expr& reference, const Expr& answer) {
  if (std::ranges::none_of(reference.args, is_dots) && std::ranges::none_of(answer.args, is_dots))
    return std::nullopt;
  auto expected = read_dots(reference.args), given = read_dots(answer.args);
  if (!expected || !given) return in_order(reference.args, answer.args);
  const DottedList a = written_out(std::move(*expected)), b = written_out(std::move(*given));
  if (a.has_dots != b.has_dots) return Match::different;
  const Match in_order_of_size = a.has_dots ? Match::different : in_order(a.first, b.first);
  if (in_order_of_size <= Match::numeric) return in_order_of_size;
  if (!a.has_dots) return reference.op() == Op::set ? as_sets(a.first, b.first) : as_bags(a.first, b.first);
  // The shorter beginning must be that of the longer one, and the rest go on as it began.
  const std::vector<Expr>&shorter = a.first.size() < b.first.size() ? a.first : b.first,
        &longer = a.first.size() < b.first.size() ? b.first : a.first;
  const auto step = step_of(shorter);
  Match result = in_order(a.last, b.last);
  for (size_t i = 0; i < longer.size() && result != Match::different; ++i) {
    if (i < shorter.size()) {
      result = both(result, compare(a.first[i], b.first[i]));
    } else if (step) {
      result = both(result, compare(make_number(fmpz_get_si(shorter[0].number().numerator()) +
                                                static_cast<slong>(i) * *step),
                                    longer[i]));
    } else if (shorter.size() < 2) {
      return Match::different;
    }
  }
  return result;
}

}  // namespace deepscaler
