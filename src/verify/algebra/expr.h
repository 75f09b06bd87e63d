// An answer as a tree: numbers, symbols and operations, and around them sets, tuples, relations and
// words. Trees come from parse.h, which bounds their depth (kMaxDepth) and size (kMaxNodes), so
// recursion over them is safe. Values, not nodes of a shared graph: copying copies.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "verify/algebra/functions.h"
#include "verify/algebra/rational.h"

namespace deepscaler {

enum class Op : uint8_t {
  // scalars
  number,  // `number`; `decimal` when written with a point or an exponent
  symbol,  // a variable or name in `text`: x, x_1, alpha, f'
  pi,
  euler,      // e
  imaginary,  // i
  infinity,
  sign,      // the +1 or -1 of \pm, the same one wherever it stands in an answer
  add,       // of all args
  multiply,  // of all args
  power,     // args[0] ^ args[1]; a quotient is a power of -1, a root one of 1/n
  call,      // the function `text` of args
  sum,       // args: index symbol, from, to, term
  product,   // the same
  integral,  // the same, over a range of reals
  limit,     // args: index symbol, target, target, term
  percent,   // args[0] / 100
  degrees,   // args[0] * pi / 180
  quantity,  // args[0] in a unit: `number` in base units, `text` the dimension, or "#" and the noun that is
             // counted
  based,     // a numeral with a base subscript: digits in `text`, value in `number`
  // the rest
  word,      // lower-case words in `text`
  choice,    // the multiple-choice letter `text`, args: its content, if given
  ratio,     // a : b : c; `text` holds "am" or "pm" of a time
  list,      // args without brackets; `text` is how they are joined: "," "and" "or"
  set,       // { args }
  tuple,     // args in brackets: `text` is "()", "[]", "(]", "[)"; two args may be an interval
  matrix,    // args are rows, each a tuple
  cases,     // a function by pieces: args are tuples of a value and its condition
  relation,  // args[0] text[0] args[1] text[1] ...: = < > L(<=) G(>=) N(!=) ~(approximately) E(in)
             // M(congruent); a last m makes the last argument the modulus
  set_union,
  set_intersection,
  set_difference,
  reals,  // the set of all real numbers
};

struct Expr {
  Op op = Op::number;
  bool decimal = false;
  std::string text = {};
  Rational number = {};
  std::vector<Expr> args = {};
};

inline constexpr int kMaxDepth = 60;
inline constexpr int kMaxNodes = 6000;
// Arithmetic on literals is folded while reading as long as numbers stay below so many bits.
inline constexpr slong kMaxFoldedBits = 2048;

[[nodiscard]] Expr make_number(slong value);
[[nodiscard]] Expr make_number(Rational value, bool decimal = false);
[[nodiscard]] Expr make_symbol(std::string name);
[[nodiscard]] Expr make_node(Op op, std::vector<Expr> args, std::string text = {});

// These fold numbers and flatten sums and products. divide() by the number 0 stays a power.
[[nodiscard]] Expr add(Expr a, Expr b);
[[nodiscard]] Expr multiply(Expr a, Expr b);
[[nodiscard]] Expr negate(Expr a);
[[nodiscard]] Expr subtract(Expr a, Expr b);
[[nodiscard]] Expr power(Expr base, Expr exponent);
[[nodiscard]] Expr divide(Expr a, Expr b);
[[nodiscard]] Expr reciprocal(Expr a);
[[nodiscard]] Expr square(Expr a);
[[nodiscard]] Expr square_root(Expr a);
[[nodiscard]] Expr imaginary_unit();
[[nodiscard]] Expr call(std::string function, Expr argument);

[[nodiscard]] bool is_scalar(Op op);
// sum, product, integral, limit: args[0] is a name bound in args[3].
[[nodiscard]] bool binds_a_name(Op op);
[[nodiscard]] bool is_number(const Expr& expr, slong value);
// Whether it is a function of one argument.
[[nodiscard]] bool is_call(const Expr& expr, Function function);
// Whether both trees are written alike.
[[nodiscard]] bool same_tree(const Expr& a, const Expr& b);
// Whether `test` holds for the tree or any part of it.
[[nodiscard]] bool contains(const Expr& expr, const std::function<bool(const Expr&)>& test);
[[nodiscard]] bool contains(const Expr& expr, Op op);
// The names of all variables (not of bound indices), calls of unknown functions included.
[[nodiscard]] std::set<std::string> free_symbols(const Expr& expr);
// The tree in one line, for explanations and as a key for what can't be evaluated.
[[nodiscard]] std::string to_text(const Expr& expr);
// The tree with `change` applied to every node, children first.
[[nodiscard]] Expr rewrite(Expr expr, const std::function<void(Expr&)>& change);
// The tree with `value` for the variable of this name; an index of that name, which a sum binds, stays.
[[nodiscard]] Expr with_symbol(Expr expr, std::string_view name, const Expr& value);

}  // namespace deepscaler
