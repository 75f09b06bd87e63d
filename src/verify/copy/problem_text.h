// A problem as the sequence of what is written in it, and which parts of it are what is asked for.
//
// A problem asks for an expression where a word such as "compute" stands before it in its sentence, with no
// "if" or "with" and no other formula between them, or where no formula comes later. What stands elsewhere is
// only mentioned: "a graph with n(n-1) arcs", which may well be the answer to another question.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "verify/algebra/steps.h"
#include "verify/latex/lexer.h"

namespace deepscaler {

using Tokens = std::span<const Token>;
using Texts = std::vector<std::string_view>;  // of tokens that live elsewhere

// Tokens without the end, with numbers in one spelling (12.0 as 12) and running text of words only.
[[nodiscard]] std::vector<Token> plain_tokens(std::string_view text);

// Adds what is written: without brackets, bars and signs of multiplication, RC as R and C, 1/2 as \frac12.
void append_texts(Tokens tokens, Texts& texts);

class ProblemText {
 public:
  // Linear in the problem, whose tokens it keeps; counted in `steps` beforehand.
  ProblemText(std::string_view problem, Steps& steps);

  // Whether the sequence stands where the problem asks for it; for an equation anywhere. False where `steps`
  // are exhausted. Linear in both.
  [[nodiscard]] bool asks_for(const Texts& sequence, bool is_equation, Steps& steps) const;

  // Whether one of the last formulas that the problem asks for, with something to do in it, stands in the
  // sequence. Linear in the sequence and these.
  [[nodiscard]] bool asks_for_a_part_of(const Texts& sequence, Steps& steps) const;

 private:
  struct Formula {
    Tokens tokens;
    size_t begin = 0, end = 0;  // of its texts
  };

  void read(std::string_view text, bool is_formula);
  void add_formula(Tokens tokens, size_t begin, bool is_marked);
  [[nodiscard]] bool is_asked(size_t begin, size_t end) const;

  std::vector<std::vector<Token>> tokens_;  // of the pieces between signs of dollar and their like
  Texts texts_;
  std::vector<bool> follows_task_;  // of each text
  std::vector<Formula> formulas_;
  bool after_task_ = false;
};

}  // namespace deepscaler
