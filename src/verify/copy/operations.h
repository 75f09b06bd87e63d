// What an expression leaves to do, told from how it is written: 12+34 a sum, 46 nothing.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <span>
#include <string>

#include "verify/latex/lexer.h"

namespace deepscaler {

// The weaker it binds, the later. A union or intersection of sets counts as a sum.
enum class Operation : uint8_t { none, call, power, product, sum };

class Operations {
 public:
  // Of balanced tokens without the last `end`, nested no deeper than an answer may be (expr.h). Literals hold
  // none: numbers, mixed numbers, fractions in lowest terms, roots that nothing can be taken out of, 3 \cdot
  // 10^8.
  explicit Operations(std::span<const Token> tokens) { read(tokens, true); }

  // Whether any operation occurs more often here than in `other`, or a denominator with a root does, or there
  // is a base (other than ten, where `other` has none) that `other` has not.
  [[nodiscard]] bool exceed(const Operations& other) const;
  // The operation that is done last.
  [[nodiscard]] Operation last() const { return last_; }

 private:
  void read(std::span<const Token> tokens, bool outermost);
  size_t read_operand(std::span<const Token> tokens, size_t at, bool after_operand, bool outermost);
  void note(Operation operation, bool outermost);
  size_t read_fraction(std::span<const Token> tokens, size_t at, bool outermost);
  size_t read_root(std::span<const Token> tokens, size_t at, bool outermost);
  size_t read_raised(std::span<const Token> tokens, size_t at, bool outermost);

  std::array<int, 5> counts_{};
  int roots_below_ = 0;  // fractions with a root in the denominator, to be rationalized
  std::set<std::string> bases_;
  Operation last_ = Operation::none;
};

// Behind the group or the one token that begins at `at`.
[[nodiscard]] size_t end_of_argument(std::span<const Token> tokens, size_t at);

}  // namespace deepscaler
