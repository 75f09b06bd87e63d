// Whatever has an opening and a closing mark: groups, tuples and intervals, sets, bars, matrices.
#include <algorithm>

#include "verify/parse/parser.h"
#include "verify/parse/parser_attempt.h"
#include "verify/parse/parser_nesting.h"

namespace deepscaler {

// ( ... ) and [ ... ]: a group around one expression, else a tuple or an interval. Brackets that open
// outwards, as in ]a, b[, leave out the ends.
Expr Parser::parenthesis() {
  const Nested nested(*this);
  if (failed_) return fail();
  Brackets brackets{.low = take().text == "[" ? Bound::closed : Bound::open};
  const int outer_bars = std::exchange(open_bars_, 0);
  const bool outer_group = std::exchange(in_group_, in_group_ || next_ != statement_start_ + 1);
  ++open_brackets_;
  ++inside_;
  Expr inner = statements_until({});
  --inside_;
  --open_brackets_;
  in_group_ = outer_group;
  open_bars_ = outer_bars;
  if (accept_mark("]")) {
    brackets.high = Bound::closed;
  } else if (!accept_mark(")") && !accept_mark("[")) {
    return fail();
  }
  if (inner.op() == Op::list) return make_tuple(std::move(inner.args), brackets);
  return brackets.low == brackets.high ? inner : fail();
}

// { ... } groups in LaTeX; plain text also writes sets so.
Expr Parser::braces() {
  Expr inner;
  bool is_group = false;
  {
    Attempt attempt(*this);
    inner = group();
    is_group = !failed_ || tries_ >= kMaxTries;
    if (is_group) attempt.keep();
  }
  if (!is_group) {  // {x | x > 0}
    ++tries_;
    take();
    return set_until("}");
  }
  if (inner.op() != Op::list) return inner;
  return make_node(Op::set, std::move(inner.args));
}

Expr Parser::group() {
  const Nested nested(*this);
  if (failed_) return fail();
  expect_mark("{");
  const int outer_bars = std::exchange(open_bars_, 0);
  const int outer_brackets = std::exchange(open_brackets_, 0);
  const bool outer_group = std::exchange(in_group_, true);
  const bool outer_builder = std::exchange(in_set_builder_, false);
  ++inside_;
  Expr inner = statements_until("}");
  if (accept_command("choose")) inner = make_call(Function::binom, {std::move(inner), sum()});
  if (accept_command("over")) {
    Expr under = sum();
    inner =
        is_scalar(inner.op()) && is_scalar(under.op()) ? divide(std::move(inner), std::move(under)) : fail();
  }
  --inside_;
  in_set_builder_ = outer_builder;
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
  if (accept_mark("}.")) return make_node(Op::set);
  if (peek().is_command("begin")) {  // \left\{\begin{array}{l} ... \end{array}\right.
    Expr system = environment(true);
    return accept_mark("}.") ? fail() : system;
  }
  return set_until("}.");
}

// The elements of a set or its condition, and the mark that closes it.
Expr Parser::set_until(std::string_view closing) {
  const Nested nested(*this);
  if (failed_) return fail();
  const int outer_bars = std::exchange(open_bars_, 0);
  const int outer_inside = std::exchange(inside_, 0);
  const bool outer_builder = std::exchange(in_set_builder_, true);
  Expr inner = statements_until(closing);
  in_set_builder_ = outer_builder;
  if (accept_mark("|") || accept_mark(":"))
    inner = condition_of(std::move(inner), statements_until(closing));
  else if (inner.op() == Op::list)
    inner = make_node(Op::set, std::move(inner.args));
  else
    inner = make_node(Op::set, {std::move(inner)});
  inside_ = outer_inside;
  open_bars_ = outer_bars;
  expect_mark(closing);
  return inner;
}

// { t | t > 2 }: the name is bound, so it becomes x.
Expr Parser::condition_of(Expr head, Expr condition) {
  if (is_relation(head, Relation::element_of)) head = Expr(std::move(head.args[0]));
  const bool other_name = head.op() == Op::symbol && head.name() != "x" &&
                          free_symbols(condition) == std::set<std::string>{head.name()};
  if (!other_name) return condition;
  return with_symbol(std::move(condition), head.name(), make_symbol("x"));
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
  if (inner.op() == Op::matrix) return determinant(inner);
  return call(Function::abs, std::move(inner));
}

Expr Parser::between_commands(Function function, std::string_view closing) {
  const Nested nested(*this);
  if (failed_) return fail();
  take();
  const int outer_bars = std::exchange(open_bars_, 0);
  Expr inner = sum();
  open_bars_ = outer_bars;
  if (!accept_command(closing)) return fail();
  return call(function, std::move(inner));
}

Expr Parser::angle_brackets() {
  const Nested nested(*this);
  if (failed_) return fail();
  take();
  Expr inner = statements_until({});
  if (!accept_command("rangle") || inner.op() != Op::list) return fail();
  return make_tuple(std::move(inner.args));
}

}  // namespace deepscaler
