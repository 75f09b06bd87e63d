// The part of the parser that reads expressions: one function per level of precedence.
#pragma once

#include <string>
#include <vector>

#include "text/jinja/template_lexer.h"
#include "text/jinja/template_syntax.h"

namespace deepscaler::jinja {

// Walks over the tokens of a template; the statement parser moves it along too.
class ExpressionParser {
 public:
  // Both must outlive the parser.
  ExpressionParser(const std::vector<Token>& tokens, const std::string& where)
      : tokens_(tokens), where_(where) {}

  [[nodiscard]] const Token& peek(size_t ahead = 0) const;
  const Token& take();
  bool take_if(Token::Kind kind, std::string_view text);
  bool take_operator(std::string_view text) { return take_if(Token::Kind::kOperator, text); }
  bool take_name(std::string_view text) { return take_if(Token::Kind::kName, text); }
  void expect(Token::Kind kind, std::string_view text);
  void expect_operator(std::string_view text) { expect(Token::Kind::kOperator, text); }
  std::string expect_any_name();
  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void unexpected() const;

  // A whole expression: `a if b else c` and everything below it.
  ExpressionPtr parse();
  // The same, or several with commas between: a tuple.
  ExpressionPtr parse_tuple();
  // `name(...) | name` or `| name ...`: filters of the text that a block encloses (kEnclosedText).
  ExpressionPtr parse_filters_of_enclosed();
  // Without `a if b else c`, whose `if` belongs to the for statement.
  ExpressionPtr parse_for_source();

 private:
  using Level = ExpressionPtr (ExpressionParser::*)();
  ExpressionPtr parse_list_of(Level element);
  ExpressionPtr parse_binary(Level operand, std::initializer_list<std::string_view> operators);
  ExpressionPtr parse_or();
  ExpressionPtr parse_and();
  ExpressionPtr parse_not();
  ExpressionPtr parse_compare();
  ExpressionPtr parse_sum();
  ExpressionPtr parse_concatenation();
  ExpressionPtr parse_product();
  ExpressionPtr parse_power();
  ExpressionPtr parse_signed();
  ExpressionPtr parse_unary(bool with_filters);
  ExpressionPtr parse_primary();
  ExpressionPtr parse_name();
  ExpressionPtr parse_number();
  ExpressionPtr parse_list();
  ExpressionPtr parse_dict();
  ExpressionPtr parse_postfix(ExpressionPtr node);
  ExpressionPtr parse_filters(ExpressionPtr node);
  ExpressionPtr parse_filter(ExpressionPtr node);
  ExpressionPtr parse_named_filter(ExpressionPtr node);
  ExpressionPtr parse_test(ExpressionPtr node);
  ExpressionPtr parse_subscript(ExpressionPtr node);
  void parse_arguments(Expression& call);
  [[nodiscard]] Expression make(Expression::Kind kind, std::string name = "") const {
    return {kind, peek().line, std::move(name)};
  }
  // A node with all its parts; fails where the tree grows too high.
  [[nodiscard]] ExpressionPtr finish(Expression node) const;

  const std::vector<Token>& tokens_;
  const std::string& where_;
  size_t at_ = 0;
  int depth_ = 0;  // of expressions in expressions
};

}  // namespace deepscaler::jinja
