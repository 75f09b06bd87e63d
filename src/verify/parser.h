// The grammar's state and rules, for the files parse_*.cc only; everyone else calls parse.h.
//
// answer    = statement { ("," | ";" | "and" | "or" | line break) statement }
// statement = choice letter | words | set { relation set } | sum { ":" sum }
// set       = sum { union sum }
// sum       = product { ("+" | "-" | pm) product }
// product   = factor { ["*" | "/"] factor } [unit]
// factor    = atom { "^" exponent | "!" | "%" | "_" subscript | "'" }
//
// A rule that meets something else sets `failed_` and returns any expression; the whole answer is
// then unreadable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verify/expr.h"
#include "verify/lexer.h"

namespace deepscaler {

class UnitProduct;

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Expr answer();  // parse_answer.cc
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  // The cursor.
  [[nodiscard]] const Token& peek(size_t ahead = 0) const;
  Token take();
  bool accept_mark(std::string_view mark);
  bool accept_command(std::string_view name);
  bool accept_word(std::string_view lower_case);
  void expect_mark(std::string_view mark);
  Expr fail();
  [[nodiscard]] bool at_end() const { return peek().kind == Token::Kind::end; }
  // Counts nesting while it lives, and fails the parse where it gets too deep.
  class Nested;

  // parse_answer.cc: answers as wholes.
  [[nodiscard]] bool at_separator() const;
  std::string take_separators();
  Expr statements_until(std::string_view closing_mark);
  Expr statement();
  bool skip_lead_in();
  bool choice_letter(Expr& result);
  bool words(Expr& result);
  std::string phrase(size_t length);
  [[nodiscard]] size_t wordy_length() const;
  bool name_before_equals(Expr& result);
  bool name_at_end(Expr& result);
  Expr relation();
  char take_relation();
  Expr set_expression();
  Expr ratio(Expr first);

  // parse_brackets.cc: whatever has an opening and a closing mark.
  Expr parenthesis();
  Expr braces();
  Expr set();
  Expr group();
  Expr bars(std::string_view closing);
  Expr between_commands(std::string_view function, std::string_view closing);
  Expr angle_brackets();
  Expr environment();
  Expr matrix_rows(std::string_view name);

  // parse_scalar.cc: sums and products.
  Expr sum();
  Expr product();
  Expr product_of(Expr a, Expr b);
  bool starts_factor() const;
  bool starts_function() const;
  Expr factor();
  Expr signed_factor();
  Expr postfix(Expr base);
  bool degree_sign(Expr& value);
  bool primes(Expr& value);
  Expr raised(Expr base, Expr exponent);
  Expr temperature_or_angle(Expr value);
  Expr exponent();
  Expr with_subscript(Expr base);
  std::string subscript_text();
  bool mixed_number(Expr& value);
  bool is_times_letter() const;

  // parse_unit.cc: what a value is measured in.
  bool unit(Expr& value);
  bool suffix_word(Expr& value);
  bool units_in_words(UnitProduct& units, const Expr& value);
  bool unit_fraction(UnitProduct& units);
  bool unit_word(UnitProduct& units, int side);
  bool at_unit_word(const Expr& value) const;
  std::string currency();

  // parse_atom.cc: the smallest pieces.
  Expr atom();
  Expr number();
  Expr repeating(std::string digits, const std::string& period);
  Expr word_atom();
  void split_word();
  void split_digit();
  Expr letter();
  Expr command();
  Expr argument();
  Expr fraction();
  bool derivative(Expr& result);
  Expr root();
  Expr function(const std::string& name);
  Expr function_argument();
  Expr big_operator(Op op);
  Expr geometric_name(const std::string& what);
  Expr accented(const std::string& accent);
  Expr called(Expr symbol);

  std::vector<Token> tokens_;
  size_t next_ = 0;
  int depth_ = 0;
  int open_bars_ = 0;
  bool in_set_builder_ = false;  // where | ends the head of a set
  bool in_group_ = false;        // inside { }, where letters are no words
  size_t statement_start_ = 0;
  int set_operations_ = 0;  // of different kinds, which nest
  int split_words_ = 0;
  int open_brackets_ = 0;  // inside which [ may close an interval
  bool failed_ = false;
};

}  // namespace deepscaler
