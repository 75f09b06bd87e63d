// Arithmetic on vectors and matrices while they are read. What is too large to write out is refused.
#include <algorithm>
#include <array>
#include <optional>

#include "verify/parse/parser.h"

namespace deepscaler {
namespace {

constexpr size_t kMaxMatrixSide = 6;
constexpr size_t kMaxDeterminant = 5;
constexpr slong kMaxMatrixPower = 8;
constexpr int kMaxMatrixNodes = 1500;

bool is_vector(const Expr& expr) {
  return expr.op() == Op::matrix || (expr.op() == Op::tuple && expr.brackets() == Brackets{});
}

// Element by element.
Expr scaled(Expr collection, const Expr& scalar) {
  for (Expr& element : collection.args) {
    element =
        element.op() == Op::tuple ? scaled(std::move(element), scalar) : multiply(scalar, std::move(element));
  }
  return collection;
}

bool holds_scalars(const Expr& expr) {
  return std::all_of(expr.args.begin(), expr.args.end(), [](const Expr& element) {
    return element.op() == Op::tuple ? holds_scalars(element) : is_scalar(element.op());
  });
}

bool same_shape(const Expr& a, const Expr& b) {
  return a.op() == b.op() && a.args.size() == b.args.size() &&
         (a.op() != Op::matrix || a.args[0].args.size() == b.args[0].args.size());
}

int nodes_of(const Expr& expr) {
  int count = 1;
  for (const Expr& arg : expr.args) count += nodes_of(arg);
  return count;
}

size_t width_of(const Expr& matrix) { return matrix.args[0].args.size(); }

bool is_square(const Expr& matrix) { return matrix.args.size() == width_of(matrix); }

Expr transposed(const Expr& matrix) {
  Expr result = make_node(Op::matrix);
  for (size_t column = 0; column < width_of(matrix); ++column) {
    Expr row = make_tuple({});
    for (const Expr& old_row : matrix.args) row.args.push_back(old_row.args[column]);
    result.args.push_back(std::move(row));
  }
  return result;
}

// Without one row and one column.
Expr minor_of(const Expr& matrix, size_t row, size_t column) {
  Expr result = matrix;
  result.args.erase(result.args.begin() + static_cast<ptrdiff_t>(row));
  for (Expr& rest : result.args) rest.args.erase(rest.args.begin() + static_cast<ptrdiff_t>(column));
  return result;
}

// Along the first row.
Expr expanded_determinant(const Expr& matrix) {
  if (matrix.args.size() == 1) return matrix.args[0].args[0];
  Expr result = make_number(0);
  for (size_t column = 0; column < matrix.args.size(); ++column) {
    Expr term = multiply(expanded_determinant(minor_of(matrix, 0, column)), matrix.args[0].args[column]);
    result = add(std::move(result), column % 2 == 0 ? std::move(term) : negate(std::move(term)));
  }
  return result;
}

}  // namespace

Expr Parser::of_moderate_size(Expr expr) {
  if (nodes_of(expr) <= kMaxMatrixNodes) return expr;
  return fail();
}

Expr Parser::determinant(const Expr& matrix) {
  if (!is_square(matrix) || matrix.args.size() > kMaxDeterminant || !holds_scalars(matrix)) return fail();
  if (nodes_of(matrix) > kMaxMatrixNodes / 10) return fail();
  return expanded_determinant(matrix);
}

Expr Parser::sum_of(Expr a, Expr b) {
  if (is_scalar(a.op()) && is_scalar(b.op())) return add(std::move(a), std::move(b));
  if (!is_vector(a) || !same_shape(a, b) || !is_vector(b) || !holds_scalars(a) || !holds_scalars(b))
    return fail();
  for (size_t i = 0; i < a.args.size(); ++i) {
    if (a.op() == Op::tuple) {
      a.args[i] = add(std::move(a.args[i]), std::move(b.args[i]));
      continue;
    }
    for (size_t j = 0; j < a.args[i].args.size(); ++j) {
      a.args[i].args[j] = add(std::move(a.args[i].args[j]), std::move(b.args[i].args[j]));
    }
  }
  return a;
}

Expr Parser::product_of(Expr a, Expr b) {
  if (is_scalar(a.op()) && is_scalar(b.op())) return multiply(std::move(a), std::move(b));
  if (a.op() == Op::matrix && b.op() == Op::matrix) return matrix_product(a, b);
  if (is_vector(a) && is_scalar(b.op()) && holds_scalars(a)) return of_moderate_size(scaled(std::move(a), b));
  if (is_vector(b) && is_scalar(a.op()) && holds_scalars(b)) return of_moderate_size(scaled(std::move(b), a));
  return fail();
}

Expr Parser::matrix_product(const Expr& a, const Expr& b) {
  const bool small =
      a.args.size() <= kMaxMatrixSide && width_of(a) <= kMaxMatrixSide && width_of(b) <= kMaxMatrixSide;
  if (!small || width_of(a) != b.args.size() || !holds_scalars(a) || !holds_scalars(b)) return fail();
  if (nodes_of(a) + nodes_of(b) > kMaxMatrixNodes / 4) return fail();
  Expr result = make_node(Op::matrix);
  for (const Expr& row : a.args) {
    Expr products = make_tuple({});
    for (size_t column = 0; column < width_of(b); ++column) {
      Expr total = multiply(row.args[0], b.args[0].args[column]);
      for (size_t i = 1; i < b.args.size(); ++i) {
        total = add(std::move(total), multiply(row.args[i], b.args[i].args[column]));
      }
      products.args.push_back(std::move(total));
    }
    result.args.push_back(std::move(products));
  }
  return of_moderate_size(std::move(result));
}

Expr Parser::matrix_power(Expr base, const Expr& exponent) {
  if (is_symbol(exponent, "T") || is_symbol(exponent, "top")) return transposed(base);
  const bool small =
      exponent.op() == Op::number && exponent.number().is_integer() && exponent.number().bits() < 5;
  const slong power = small ? fmpz_get_si(exponent.number().numerator()) : 0;
  if (!is_square(base)) return fail();
  if (power == -1) return inverse(base);
  if (power < 1 || power > kMaxMatrixPower) return fail();
  Expr result = base;
  for (slong i = 1; i < power && !failed_; ++i) result = matrix_product(result, base);
  return result;
}

Expr Parser::inverse(const Expr& matrix) {
  const Expr under = determinant(matrix);
  if (failed_ || matrix.args.size() > 3 || is_number(under, 0)) return fail();
  if (matrix.args.size() == 1) return fail();
  Expr result = matrix;
  for (size_t row = 0; row < matrix.args.size(); ++row) {
    for (size_t column = 0; column < matrix.args.size(); ++column) {
      Expr cofactor = expanded_determinant(minor_of(matrix, column, row));
      if ((row + column) % 2 == 1) cofactor = negate(std::move(cofactor));
      result.args[row].args[column] = divide(std::move(cofactor), under);
    }
  }
  return of_moderate_size(std::move(result));
}

namespace {

using Components = std::array<Expr, 3>;

std::optional<size_t> axis_of(const Expr& expr) {
  if (!is_symbol(expr, SymbolKind::unit_vector) || expr.letters().size() != 1) return std::nullopt;
  return static_cast<size_t>(expr.letters()[0] - 'i');
}

bool holds_axis(const Expr& expr) {
  return contains(expr, [](const Expr& part) { return axis_of(part).has_value(); });
}

// What stands before each unit vector; nullopt for a scalar and for what is no sum of multiples.
std::optional<Components> components_of(const Expr& expr) {
  Components result = {make_number(0), make_number(0), make_number(0)};
  if (const auto axis = axis_of(expr)) {
    result[*axis] = make_number(1);
    return result;
  }
  if (expr.op() == Op::add) {
    for (const Expr& term : expr.args) {
      auto part = components_of(term);
      if (!part) return std::nullopt;
      for (size_t i = 0; i < 3; ++i) result[i] = add(std::move(result[i]), std::move((*part)[i]));
    }
    return result;
  }
  if (expr.op() != Op::multiply) return std::nullopt;
  std::optional<Components> vector;
  for (const Expr& factor : expr.args) {
    if (!holds_axis(factor)) continue;
    if (vector) return std::nullopt;
    vector = components_of(factor);
    if (!vector) return std::nullopt;
  }
  if (!vector) return std::nullopt;
  for (const Expr& factor : expr.args) {
    if (holds_axis(factor)) continue;
    for (Expr& component : *vector) component = multiply(factor, std::move(component));
  }
  return vector;
}

}  // namespace

std::optional<Expr> vector_of(const Expr& expr) {
  const auto mentions = [&](size_t axis) {
    return contains(expr, [&](const Expr& part) { return axis_of(part) == axis; });
  };
  if (!mentions(1) && !mentions(2)) return std::nullopt;
  auto components = components_of(expr);
  if (!components) return std::nullopt;
  Expr result = make_tuple({});
  for (size_t i = 0; i < (mentions(2) ? 3 : 2); ++i) result.args.push_back(std::move((*components)[i]));
  return result;
}

}  // namespace deepscaler
