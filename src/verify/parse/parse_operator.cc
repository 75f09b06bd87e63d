// Sums, products, integrals and limits: operators that bind a name.
#include <algorithm>

#include "verify/parse/parser.h"
#include "verify/parse/parser_nesting.h"

namespace deepscaler {
namespace {

// What stands where an integrand ends, in place of its differential.
constexpr std::string_view kDifferential = "d()";

bool is_bound_name(const Expr& expr) { return expr.op() == Op::symbol || expr.op() == Op::imaginary; }

}  // namespace

// i as an index is no imaginary unit, in bold no vector.
Expr Parser::bound_index(const Expr& index) {
  if (index.op() == Op::imaginary) return make_symbol("i");
  return is_symbol(index, SymbolKind::unit_vector) ? make_symbol(std::string(index.letters())) : index;
}

Expr Parser::with_bound_index(Expr term, const Expr& index) {
  const Expr name = bound_index(index);
  if (same_tree(name, index)) return term;
  return rewrite(std::move(term), [&](Expr& part) {
    if (same_tree(part, index)) part = name;
  });
}

// \sum_{k=1}^{n} term, and \sum_{k \ge 1} term without an end.
Expr Parser::big_operator(Op op) {
  const Nested nested(*this);
  if (failed_) return fail();
  Expr from, to = make_node(Op::infinity);
  bool has_from = false, has_to = false;
  for (int part = 0; part < 2; ++part) {
    if (accept_mark("_")) {
      from = group();
      has_from = true;
    } else if (accept_mark("^")) {
      to = exponent();
      has_to = true;
    }
  }
  const bool bounded =
      has_from && from.op() == Op::relation && from.args.size() == 2 &&
      (has_to ? is_relation(from, Relation::equal) : has_only(from, {Relation::at_least, Relation::greater}));
  if (!bounded || !is_bound_name(from.args[0]) || !is_scalar(from.args[1].op()) || !is_scalar(to.op()))
    return fail();
  if (is_relation(from, Relation::greater)) from.args[1] = add(std::move(from.args[1]), make_number(1));
  Expr term = with_bound_index(product(), from.args[0]);
  return make_node(op, {bound_index(from.args[0]), std::move(from.args[1]), std::move(to), std::move(term)});
}

// Turns the dx that ends the integrand here into a mark of its own. Its d stands at the nesting of the
// integral sign, before any separator.
bool Parser::mark_differential(std::string& name) {
  int depth = 0;
  for (size_t i = next_; i < tokens_.size() && i < next_ + 200; ++i) {
    const Token& token = tokens_[i];
    if (token.is_mark("{") || token.is_mark("(")) ++depth;
    if (token.is_mark("}") || token.is_mark(")")) --depth;
    if (depth < 0 || token.is_command("int")) return false;
    if (depth > 0) continue;
    const bool joined = token.kind == Token::Kind::word && token.text.size() == 2 && token.text[0] == 'd';
    const bool apart =
        token.kind == Token::Kind::letter && token.text == "d" && i + 1 < tokens_.size() &&
        (tokens_[i + 1].kind == Token::Kind::letter || tokens_[i + 1].kind == Token::Kind::command);
    if (!joined && !apart) continue;
    name = joined ? token.text.substr(1) : tokens_[i + 1].text;
    tokens_[i] = Token{Token::Kind::mark, false, false, std::string(kDifferential)};
    if (apart) tokens_.erase(tokens_.begin() + static_cast<ptrdiff_t>(i) + 1);
    return true;
  }
  return false;
}

// \int_a^b term dx. Indefinite ones are not read: an answer would say what they are.
Expr Parser::integral() {
  const Nested nested(*this);
  if (failed_ || ++split_words_ > 20) return fail();
  Expr from, to;
  bool has_from = false, has_to = false;
  for (int part = 0; part < 2; ++part) {
    if (accept_mark("_")) {
      from = argument();
      has_from = true;
    } else if (accept_mark("^")) {
      to = exponent();
      has_to = true;
    }
  }
  std::string name;
  if (!has_from || !has_to || !is_scalar(from.op()) || !is_scalar(to.op()) || !mark_differential(name))
    return fail();
  Expr term = peek().is_mark(kDifferential) ? make_number(1) : sum();
  expect_mark(kDifferential);
  return make_node(Op::integral, {make_symbol(name), std::move(from), std::move(to), std::move(term)});
}

// \lim_{x \to a} term
Expr Parser::limit() {
  const Nested nested(*this);
  if (failed_) return fail();
  expect_mark("_");
  expect_mark("{");
  if (failed_) return fail();
  Expr index = atom();
  if (!is_bound_name(index) || !accept_command("to")) return fail();
  Expr target = sum();
  expect_mark("}");
  if (failed_ || !is_scalar(target.op()) || !is_bound_name(index)) return fail();
  Expr term = with_bound_index(product(), index);
  return make_node(Op::limit, {bound_index(index), target, target, std::move(term)});
}

}  // namespace deepscaler
