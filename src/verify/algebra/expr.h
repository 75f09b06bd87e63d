// An answer as a tree: numbers, symbols and operations, and around them sets, tuples, relations and
// words. Trees come from parse.h, which bounds their depth (kMaxDepth) and size (kMaxNodes), so
// recursion over them is safe. Values, not nodes of a shared graph: copying copies.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "verify/algebra/functions.h"
#include "verify/algebra/measure.h"
#include "verify/algebra/rational.h"

namespace deepscaler {

// The kinds of nodes, with their args and, after "has", with what else they hold.
enum class Op : uint8_t {
  // scalars
  number,     // no args; has number() and is_decimal()
  symbol,     // no args; has name() and symbol_kind()
  pi,         // no args, as the next three
  euler,      // e
  imaginary,  // i
  infinity,
  sign,      // no args: the +1 or -1 of \pm, the same one wherever it stands in an answer
  add,       // of all args, two or more
  multiply,  // of all args, two or more
  power,     // args[0] ^ args[1]; a quotient is a power of -1, a root one of 1/n
  call,      // a function of all args, one or more; has function() and name()
  sum,       // args: index symbol, from, to, term
  product,   // the same
  integral,  // the same, over a range of reals
  limit,     // args: index symbol, target, target, term
  percent,   // args[0] / 100
  degrees,   // args[0] * pi / 180
  quantity,  // args[0] times a unit or of a noun; has measure()
  based,     // no args: a numeral with a base subscript; has digits() and its value number()
  // the rest
  word,      // no args; has words()
  choice,    // a letter of a multiple choice, args: its content, if given; has letter()
  ratio,     // a : b : c of two args or more; has clock(), since times of day are written so
  list,      // args without brackets; has join()
  set,       // { args }
  tuple,     // args in brackets, two of which may be an interval; has brackets()
  matrix,    // args are rows, each a tuple
  cases,     // a function by pieces: args are tuples of a value and its condition
  relation,  // args[0] relations()[0] args[1] relations()[1] ...
  set_union,
  set_intersection,
  set_difference,
  reals,  // no args: the set of all real numbers
};

enum class SymbolKind : uint8_t {
  variable,     // or any other name: x, x_1, alpha, f', AB
  overlined,    // \overline{AB}
  unit_vector,  // \mathbf{i}
  number_set,   // \mathbb{Z}, \mathbb{N}_0
  dots,         // ... between what a list leaves out
};

// What joins the args of a list.
enum class Join : uint8_t {
  comma,
  conjunction,  // "and"
  disjunction,  // "or"
};

// Whether an interval has its end.
enum class Bound : uint8_t { open, closed };

struct Brackets {
  Bound low = Bound::open;
  Bound high = Bound::open;

  friend bool operator==(const Brackets&, const Brackets&) = default;
};

// Whether a ratio is a time of day, and in which half.
enum class Clock : uint8_t {
  none,      // 1:2
  unmarked,  // 3:00
  am,
  pm,
};

enum class Relation : uint8_t {
  equal,
  less,
  greater,
  at_most,
  at_least,
  not_equal,
  approximate,
  element_of,
  congruent,
  modulus,  // between the residue and the modulus: the last sign of a relation only
};

class Expr {
 public:
  std::vector<Expr> args;

  Expr() = default;  // the number 0

  [[nodiscard]] Op op() const { return op_; }

  // What a node of one kind holds, as Op says. They throw std::bad_variant_access for any other node, but
  // is_decimal(), which is false there.
  [[nodiscard]] const Rational& number() const;
  [[nodiscard]] Rational& number();
  [[nodiscard]] bool is_decimal() const;  // written with a point or an exponent
  void set_decimal(bool decimal) { std::get<Numeral>(payload_).decimal = decimal; }
  [[nodiscard]] const std::string& name() const;  // no two kinds of symbols share a name
  void append_to_name(std::string_view more) { std::get<Symbol>(payload_).name += more; }
  [[nodiscard]] std::string_view letters() const;  // a symbol's name without its kind: Z of \mathbb{Z}
  [[nodiscard]] SymbolKind symbol_kind() const { return std::get<Symbol>(payload_).kind; }
  [[nodiscard]] Function function() const { return std::get<Call>(payload_).function; }
  [[nodiscard]] const Measure& measure() const { return std::get<Measure>(payload_); }
  [[nodiscard]] const std::string& digits() const { return std::get<Based>(payload_).digits; }
  [[nodiscard]] const std::string& words() const { return std::get<Words>(payload_).text; }
  [[nodiscard]] char letter() const { return std::get<char>(payload_); }
  [[nodiscard]] Clock clock() const { return std::get<Clock>(payload_); }
  [[nodiscard]] Join join() const { return std::get<Join>(payload_); }
  [[nodiscard]] const Brackets& brackets() const { return std::get<Brackets>(payload_); }
  [[nodiscard]] const std::vector<Relation>& relations() const { return std::get<Relations>(payload_); }

 private:
  struct Numeral {
    Rational value;
    bool decimal;  // 0.5 and 1/2 are the same tree

    friend bool operator==(const Numeral& a, const Numeral& b) { return a.value == b.value; }
  };
  struct Symbol {
    std::string name;
    SymbolKind kind;

    friend bool operator==(const Symbol&, const Symbol&) = default;
  };
  struct Call {
    Function function;
    std::string name;  // as it was written

    friend bool operator==(const Call&, const Call&) = default;
  };
  struct Based {
    std::string digits;
    Rational value;

    friend bool operator==(const Based&, const Based&) = default;
  };
  struct Words {
    std::string text;

    friend bool operator==(const Words&, const Words&) = default;
  };
  using Relations = std::vector<Relation>;
  using Nothing = std::monostate;
  using Payload = std::variant<Numeral, Nothing, Symbol, Call, Measure, Based, Words, char, Clock, Join,
                               Brackets, Relations>;

  Expr(Op op, Payload payload, std::vector<Expr> arguments = {})
      : args(std::move(arguments)), op_(op), payload_(std::move(payload)) {}

  friend Expr make_number(Rational value, bool decimal);
  friend Expr make_symbol(std::string name);
  friend Expr make_symbol(SymbolKind kind, std::string_view letters);
  friend Expr make_call(std::string name, std::vector<Expr> args);
  friend Expr make_call(Function function, std::vector<Expr> args, std::string name);
  friend Expr make_quantity(Expr value, Measure measure);
  friend Expr make_based(std::string digits, Rational value);
  friend Expr make_words(std::string text);
  friend Expr make_choice(char letter);
  friend Expr make_ratio(std::vector<Expr> args, Clock clock);
  friend Expr make_list(std::vector<Expr> args, Join join);
  friend Expr make_tuple(std::vector<Expr> args, Brackets brackets);
  friend Expr make_relation(std::vector<Expr> sides, std::vector<Relation> signs);
  friend Expr make_node(Op op, std::vector<Expr> args);
  friend Expr negate(Expr a);
  friend bool same_tree(const Expr& a, const Expr& b);

  Op op_ = Op::number;
  Payload payload_;
};

inline constexpr int kMaxDepth = 60;
inline constexpr int kMaxNodes = 6000;
// Arithmetic on literals is folded while reading as long as numbers stay below so many bits.
inline constexpr slong kMaxFoldedBits = 2048;

[[nodiscard]] Expr make_number(slong value);
[[nodiscard]] Expr make_number(Rational value, bool decimal = false);
[[nodiscard]] Expr make_symbol(std::string name);  // a variable
// A symbol of another kind by its letters: AB of \overline{AB}, i of \mathbf{i}, Z of \mathbb{Z}; dots have
// none.
[[nodiscard]] Expr make_symbol(SymbolKind kind, std::string_view letters);
[[nodiscard]] Expr make_call(std::string name, std::vector<Expr> args);
// `name` is how it was written; without it, the function's customary name.
[[nodiscard]] Expr make_call(Function function, std::vector<Expr> args, std::string name = {});
[[nodiscard]] Expr make_quantity(Expr value, Measure measure);
[[nodiscard]] Expr make_based(std::string digits, Rational value);
[[nodiscard]] Expr make_words(std::string text);  // in lower case
[[nodiscard]] Expr make_choice(char letter);
[[nodiscard]] Expr make_ratio(std::vector<Expr> args, Clock clock = Clock::none);
[[nodiscard]] Expr make_list(std::vector<Expr> args, Join join);
[[nodiscard]] Expr make_tuple(std::vector<Expr> args, Brackets brackets = {});
[[nodiscard]] Expr make_relation(Expr left, Relation sign, Expr right);
// There is one sign less than there are sides.
[[nodiscard]] Expr make_relation(std::vector<Expr> sides, std::vector<Relation> signs);
// A node of a kind that holds nothing but its args.
[[nodiscard]] Expr make_node(Op op, std::vector<Expr> args = {});

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
[[nodiscard]] Expr call(Function function, Expr argument);

[[nodiscard]] bool is_scalar(Op op);
// sum, product, integral, limit: args[0] is a name bound in args[3].
[[nodiscard]] bool binds_a_name(Op op);
[[nodiscard]] bool is_number(const Expr& expr, slong value);
// Whether it is a function of one argument.
[[nodiscard]] bool is_call(const Expr& expr, Function function);
[[nodiscard]] bool is_unknown_call(const Expr& expr);
[[nodiscard]] bool is_symbol(const Expr& expr, std::string_view name);
[[nodiscard]] bool is_symbol(const Expr& expr, SymbolKind kind);
[[nodiscard]] bool is_list(const Expr& expr, Join join);
// Whether it is a relation whose only sign is this one.
[[nodiscard]] bool is_relation(const Expr& expr, Relation sign);
// Whether it is a relation all of whose signs are among these.
[[nodiscard]] bool has_only(const Expr& expr, std::initializer_list<Relation> signs);
// Whether it is a relation that ends in a modulus.
[[nodiscard]] bool is_congruence(const Expr& expr);
// Whether it has a unit: 5 cm, and neither 5 apples nor 5.
[[nodiscard]] bool has_dimension(const Expr& expr);
[[nodiscard]] bool is_measured_in(const Expr& expr, BaseUnit unit);
// Whether both trees are written alike.
[[nodiscard]] bool same_tree(const Expr& a, const Expr& b);
// Whether `test` holds for the tree or any part of it.
[[nodiscard]] bool contains(const Expr& expr, const std::function<bool(const Expr&)>& test);
[[nodiscard]] bool contains(const Expr& expr, Op op);
// The names of all symbols (not of bound indices), calls of unknown functions included.
[[nodiscard]] std::set<std::string> free_symbols(const Expr& expr);
// The tree in one line, for explanations and as a key for what can't be evaluated.
[[nodiscard]] std::string to_text(const Expr& expr);
// The tree with `change` applied to every node, children first.
[[nodiscard]] Expr rewrite(Expr expr, const std::function<void(Expr&)>& change);
// The tree with `value` for the variable of this name; an index of that name, which a sum binds, stays.
[[nodiscard]] Expr with_symbol(Expr expr, std::string_view name, const Expr& value);

}  // namespace deepscaler
