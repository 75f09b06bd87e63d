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

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/algebra/expr.h"
#include "verify/latex/lexer.h"

namespace deepscaler {

class UnitProduct;

// A sum of multiples of the unit vectors i, j, k (SymbolKind::unit_vector), j or k among them, as a tuple.
[[nodiscard]] std::optional<Expr> vector_of(const Expr& expr);

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Expr answer();  // parse_answer.cc
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  // The cursor.
  [[nodiscard]] const Token& peek(size_t ahead = 0) const {
    return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
  }
  void advance() { next_ = std::min(next_ + 1, tokens_.size() - 1); }
  Token take();
  bool accept_mark(std::string_view mark);
  bool accept_command(std::string_view name);
  bool accept_word(std::string_view lower_case);
  void expect_mark(std::string_view mark);
  Expr fail();
  [[nodiscard]] bool at_end() const { return peek().kind == Token::Kind::end; }
  // Counts nesting while it lives, and fails the parse where it gets too deep.
  class Nested;
  // A reading that is taken back when it is left without keep().
  class Attempt;

  // parse_answer.cc: answers as wholes.
  [[nodiscard]] bool at_separator() const;
  Join take_separators();
  Expr statements_until(std::string_view closing_mark);
  Expr statement();
  bool calculated_statement(Expr& result);
  Expr relation();
  std::optional<Relation> take_relation();
  void take_modulus(std::vector<Expr>& sides, std::vector<Relation>& signs);
  Expr set_expression();
  [[nodiscard]] bool at_ratio_sign(const Expr& first) const;
  Expr ratio(Expr first);
  std::optional<Clock> take_half_of_day();

  // parse_words.cc: running text.
  bool skip_lead_in();
  bool skip_quantifier();
  bool skip_condition(const Expr& statement);
  bool count_in_words(Expr& result);
  bool fraction_in_words(Expr& result);
  bool integer_parameter(Expr& membership);
  bool choice_letter(Expr& result);
  bool words(Expr& result);
  bool set_with_exception(size_t length, Expr& result);
  bool number_in_words(Expr& result);
  Expr phrase_with_number(size_t length);
  std::string phrase(size_t length);
  [[nodiscard]] size_t wordy_length() const;
  bool name_before_equals(Expr& result);
  bool probability_name(Expr& result);
  bool function_name(Expr& result);
  bool area_name(Expr& result);
  bool ratio_name(Expr& result);
  bool extremum_name(Expr& result);
  bool name_at_end(Expr& result);

  // parse_brackets.cc: whatever has an opening and a closing mark.
  Expr parenthesis();
  Expr braces();
  Expr set();
  Expr set_until(std::string_view closing);
  static Expr condition_of(Expr head, Expr condition);
  Expr group();
  Expr bars(std::string_view closing);
  Expr between_commands(Function function, std::string_view closing);
  Expr angle_brackets();

  // parse_environment.cc: \begin ... \end.
  Expr environment(bool is_system = false);
  Expr matrix_rows(std::string_view name);
  Expr plain_matrix(std::string_view name);
  Expr system_rows();
  Expr piecewise_rows();
  Expr piecewise_condition();

  // parse_matrix.cc: arithmetic on what is no scalar.
  Expr determinant(const Expr& matrix);
  Expr sum_of(Expr a, Expr b);
  Expr product_of(Expr a, Expr b);
  Expr matrix_product(const Expr& a, const Expr& b);
  Expr matrix_power(Expr base, const Expr& exponent);
  Expr inverse(const Expr& matrix);
  Expr of_moderate_size(Expr expr);

  // parse_scalar.cc: sums and products.
  Expr sum();
  Expr product();
  bool starts_factor() const;
  bool starts_function() const;
  Expr factor();
  Expr signed_factor();
  Expr postfix(Expr base);
  bool degree_sign(Expr& value);
  bool ordinal_suffix(Expr& value);
  bool inverse_function(Expr& function);
  bool primes(Expr& value);
  Expr raised(Expr base, Expr exponent);
  void minutes_of_angle(Expr& value);
  void feet_and_inches(Expr& value);
  Expr temperature_or_angle(Expr value);
  Expr exponent();
  Expr with_subscript(Expr base);
  bool in_words_of_base(Expr& value);
  std::string subscript_text();
  bool mixed_number(Expr& value);
  bool is_times_letter() const;

  // parse_unit.cc: what a value is measured in.
  bool unit(Expr& value);
  bool suffix_word(Expr& value);
  bool units_in_words(UnitProduct& units, const Expr& value);
  bool unit_fraction(UnitProduct& units);
  bool unit_word(UnitProduct& units, int side);
  bool unit_in_brackets(Expr& value);
  bool at_unit_word(const Expr& value) const;
  // A currency in words before its amount, and how many tokens say so.
  struct CurrencyWords {
    BaseUnit unit;
    size_t length;
  };
  std::optional<BaseUnit> currency();
  [[nodiscard]] std::optional<CurrencyWords> currency_words() const;

  // parse_atom.cc: the smallest pieces.
  Expr atom();
  Expr number();
  std::string barred_digits();
  std::string dotted_digits();
  Expr repeating(std::string digits, const std::string& period);
  Expr word_atom();
  void split_word();
  void split_digit();
  Expr letter();
  Expr command();
  Expr half_of_reals();
  Expr argument();
  Expr fraction();
  bool derivative(Expr& result);
  Expr root();
  Expr function(const std::string& name);
  Expr function_argument();
  Expr combination_in_front();
  bool combination(Expr& letter);

  // parse_operator.cc: sums, integrals and limits.
  Expr big_operator(Op op);
  Expr integral();
  Expr limit();
  bool mark_differential(std::string& name);
  static Expr bound_index(const Expr& index);
  static Expr with_bound_index(Expr term, const Expr& index);
  Expr geometric_name(const std::string& what);
  Expr accented(const std::string& accent);
  std::optional<std::string> accented_name();
  static Expr choices(char letter, Expr from, Expr chosen);
  Expr called(Expr symbol);

  std::vector<Token> tokens_;
  size_t next_ = 0;
  int depth_ = 0;
  int open_bars_ = 0;
  bool in_set_builder_ = false;  // where | ends the head of a set
  bool in_group_ = false;        // inside { }, where letters are no words
  size_t statement_start_ = 0;
  int inside_ = 0;          // of groups and brackets, where both signs of \pm are not yet told apart
  int set_operations_ = 0;  // of different kinds, which nest
  int split_words_ = 0;
  // Readings given up for another one; bounded, since each reads the rest again.
  static constexpr int kMaxTries = 40;
  bool may_try() { return !failed_ && ++tries_ <= kMaxTries; }
  int tries_ = 0;
  int open_brackets_ = 0;  // inside which [ may close an interval
  bool failed_ = false;
};

}  // namespace deepscaler
