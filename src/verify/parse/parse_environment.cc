// \begin{...} ... \end{...}: matrices, systems of equations, functions by pieces.
#include <algorithm>

#include "verify/parse/parser.h"
#include "verify/parse/parser_nesting.h"

namespace deepscaler {
namespace {

bool aligns(const Token& next) {
  constexpr std::string_view kRelations[] = {"le", "ge", "ne", "approx", "in", "equiv", "<", ">"};
  return next.is_mark("=") || next.is_mark("<") || next.is_mark(">") ||
         std::any_of(std::begin(kRelations), std::end(kRelations),
                     [&](std::string_view name) { return next.is_command(name); });
}

// Environments that hold statements, or one that is only set apart.
constexpr std::string_view kSystems[] = {"cases",       "gathered", "gather",   "split",
                                         "equation",    "multline", "eqnarray", "flalign",
                                         "displaymath", "math",     "center"};

}  // namespace

// pmatrix and its kin are matrices; cases, aligned and the rest hold statements, one a row. An array is a
// matrix, but a system behind a lone brace.
Expr Parser::environment(bool is_system) {
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
  const bool matrix = name == "array" || name.ends_with("matrix");
  const bool system = std::ranges::find(kSystems, name) != std::end(kSystems) || name.starts_with("align") ||
                      (matrix && is_system);
  Expr result;
  if (system) {
    result = system_rows();
  } else if (matrix) {
    result = matrix_rows(name);
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

// \pmatrix{1 & 2 \cr 3 & 4}
Expr Parser::plain_matrix(std::string_view name) {
  expect_mark("{");
  Expr result = matrix_rows(name);
  expect_mark("}");
  return result;
}

Expr Parser::matrix_rows(std::string_view name) {
  const Nested nested(*this);
  if (failed_) return fail();
  const auto at_last = [&] { return peek().is_command("end") || peek().is_mark("}"); };
  Expr matrix = make_node(Op::matrix);
  while (!failed_ && !at_last()) {
    Expr row = make_tuple({});
    row.args.push_back(relation());
    while (!failed_ && accept_mark("&")) row.args.push_back(relation());
    matrix.args.push_back(std::move(row));
    if (!accept_mark("\\\\") && !at_last()) return fail();
  }
  const size_t width = matrix.args.empty() ? 0 : matrix.args.front().args.size();
  const bool even = std::all_of(matrix.args.begin(), matrix.args.end(),
                                [&](const Expr& row) { return row.args.size() == width; });
  if (!even || width == 0) return fail();
  return name == "vmatrix" || name == "Vmatrix" ? determinant(matrix) : matrix;
}

// Rows of statements. A sign & before a relation aligns the rows; another one parts a value from its
// condition.
Expr Parser::system_rows() {
  bool by_pieces = false;
  for (size_t i = next_; i + 1 < tokens_.size() && !tokens_[i].is_command("end");) {
    if (!tokens_[i].is_mark("&")) {
      ++i;
    } else if (aligns(tokens_[i + 1])) {
      if (++split_words_ > 100) return fail();
      tokens_.erase(tokens_.begin() + static_cast<ptrdiff_t>(i));
    } else {
      by_pieces = true;
      ++i;
    }
  }
  if (!by_pieces) return statements_until({});
  return piecewise_rows();
}

Expr Parser::piecewise_rows() {
  Expr result = make_node(Op::cases);
  while (!failed_ && !peek().is_command("end")) {
    Expr value = relation();
    accept_mark(",");
    expect_mark("&");
    result.args.push_back(make_tuple({std::move(value), piecewise_condition()}));
    if (!accept_mark("\\\\") && !peek().is_command("end")) return fail();
  }
  return result.args.empty() ? fail() : result;
}

Expr Parser::piecewise_condition() {
  const Nested nested(*this);
  if (failed_) return fail();
  while (accept_mark(",") || accept_word("if") || accept_word("for") || accept_word("when") ||
         accept_word("where")) {
  }
  Expr condition = statement();
  Join joined = Join::comma;
  std::vector<Expr> items;
  while (!failed_ && at_separator() && !peek().is_mark("\\\\")) {
    if (peek().is_word("or")) joined = Join::disjunction;
    if (peek().is_word("and")) joined = Join::conjunction;
    take();
    if (peek().is_mark("\\\\") || peek().is_command("end")) break;
    if (items.empty()) items.push_back(condition);
    items.push_back(statement());
  }
  if (condition.op() == Op::word) {  // "n is even" as "n even"
    std::string words = condition.words();
    if (const size_t is = words.find(" is "); is != std::string::npos) words.erase(is, 3);
    condition = make_words(std::move(words));
  }
  return items.empty() ? condition : make_list(std::move(items), joined);
}

}  // namespace deepscaler
