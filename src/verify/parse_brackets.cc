// Whatever has an opening and a closing mark: groups, tuples and intervals, sets, bars, matrices.
#include <algorithm>

#include "verify/parser.h"
#include "verify/parser_nesting.h"

namespace deepscaler {

// ( ... ) and [ ... ]: a group around one expression, else a tuple or an interval. Brackets that open
// outwards, as in ]a, b[, leave out the ends.
Expr Parser::parenthesis() {
  const Nested nested(*this);
  if (failed_) return fail();
  const char open = take().text == "[" ? '[' : '(';
  const int outer_bars = std::exchange(open_bars_, 0);
  const bool outer_group = std::exchange(in_group_, in_group_ || next_ != statement_start_ + 1);
  ++open_brackets_;
  Expr inner = statements_until({});
  --open_brackets_;
  in_group_ = outer_group;
  open_bars_ = outer_bars;
  char close = 0;
  if (accept_mark(")")) {
    close = ')';
  } else if (accept_mark("]")) {
    close = ']';
  } else if (accept_mark("[")) {
    close = ')';
  } else {
    return fail();
  }
  if (inner.op == Op::list) {
    inner.op = Op::tuple;
    inner.text = {open, close};
    return inner;
  }
  if ((open == '(' && close == ')') || (open == '[' && close == ']')) return inner;
  return fail();
}

// { ... } groups in LaTeX; plain text also writes sets so.
Expr Parser::braces() {
  Expr inner = group();
  if (inner.op != Op::list) return inner;
  inner.op = Op::set;
  inner.text.clear();
  return inner;
}

Expr Parser::group() {
  const Nested nested(*this);
  if (failed_) return fail();
  expect_mark("{");
  const int outer_bars = std::exchange(open_bars_, 0);
  const int outer_brackets = std::exchange(open_brackets_, 0);
  const bool outer_group = std::exchange(in_group_, true);
  Expr inner = statements_until("}");
  if (accept_command("choose")) inner = make_node(Op::call, {std::move(inner), sum()}, "binom");
  in_group_ = outer_group;
  open_brackets_ = outer_brackets;
  open_bars_ = outer_bars;
  expect_mark("}");
  return inner;
}

// \{ ... \}, by its elements or by a condition.
Expr Parser::set() {
  const Nested nested(*this);
  if (failed_) return fail();
  expect_mark("{.");
  if (accept_mark("}.")) return make_node(Op::set, {});
  const int outer_bars = std::exchange(open_bars_, 0);
  const bool outer_builder = std::exchange(in_set_builder_, true);
  Expr inner = statements_until("}.");
  in_set_builder_ = outer_builder;
  if (accept_mark("|") || accept_mark(":"))
    inner = statements_until("}.");
  else if (inner.op == Op::list)
    inner.op = Op::set;
  else
    inner = make_node(Op::set, {std::move(inner)});
  open_bars_ = outer_bars;
  expect_mark("}.");
  if (inner.op == Op::set) inner.text.clear();
  return inner;
}

// | ... |: an absolute value.
Expr Parser::bars(std::string_view closing) {
  const Nested nested(*this);
  if (failed_) return fail();
  take();
  ++open_bars_;
  Expr inner = sum();
  --open_bars_;
  expect_mark(closing);
  return call("abs", std::move(inner));
}

Expr Parser::between_commands(std::string_view function, std::string_view closing) {
  const Nested nested(*this);
  if (failed_) return fail();
  take();
  const int outer_bars = std::exchange(open_bars_, 0);
  Expr inner = sum();
  open_bars_ = outer_bars;
  if (!accept_command(closing)) return fail();
  return call(std::string(function), std::move(inner));
}

Expr Parser::angle_brackets() {
  const Nested nested(*this);
  if (failed_) return fail();
  take();
  Expr inner = statements_until({});
  if (!accept_command("rangle") || inner.op != Op::list) return fail();
  inner.op = Op::tuple;
  inner.text = "()";
  return inner;
}

// \begin{pmatrix} and its kin; cases, aligned and the rest hold statements, one a row.
Expr Parser::environment() {
  const Nested nested(*this);
  if (failed_) return fail();
  take();
  expect_mark("{");
  std::string name;
  while (peek().kind == Token::Kind::word || peek().kind == Token::Kind::letter) name += take().text;
  accept_mark("*");
  expect_mark("}");
  if (name == "array") {  // its column format
    expect_mark("{");
    while (!failed_ && !accept_mark("}")) {
      if (at_end()) return fail();
      take();
    }
  }
  Expr result;
  if (name == "array" || name.ends_with("matrix")) {
    result = matrix_rows(name);
  } else if (name == "cases" || name.starts_with("align") || name == "gathered") {
    std::erase_if(tokens_, [](const Token& token) { return token.is_mark("&"); });
    result = statements_until({});
  } else {
    return fail();
  }
  if (!accept_command("end")) return fail();
  expect_mark("{");
  while (!failed_ && !accept_mark("}")) {
    if (at_end()) return fail();
    take();
  }
  return result;
}

Expr Parser::matrix_rows(std::string_view name) {
  if (name == "vmatrix" || name == "Vmatrix")
    return fail();  // a determinant, which answers do not leave open
  Expr matrix = make_node(Op::matrix, {});
  while (!failed_ && !peek().is_command("end")) {
    Expr row = make_node(Op::tuple, {}, "()");
    row.args.push_back(relation());
    while (!failed_ && accept_mark("&")) row.args.push_back(relation());
    matrix.args.push_back(std::move(row));
    if (!accept_mark("\\\\") && !peek().is_command("end")) return fail();
  }
  const size_t width = matrix.args.empty() ? 0 : matrix.args.front().args.size();
  const bool even = std::all_of(matrix.args.begin(), matrix.args.end(),
                                [&](const Expr& row) { return row.args.size() == width; });
  return even && width > 0 ? matrix : fail();
}

}  // namespace deepscaler
