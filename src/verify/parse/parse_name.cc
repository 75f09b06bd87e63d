// Names of more than a letter: subscripts, accents, angles, calls of functions such as f.
#include <fmt/core.h>

#include <algorithm>

#include "verify/parse/parser.h"
#include "verify/parse/parser_attempt.h"

namespace deepscaler {

// \angle ABC, \triangle ABC: one name.
Expr Parser::geometric_name(const std::string& what) {
  std::string name = what + " ";
  while (peek().kind == Token::Kind::letter || (peek().kind == Token::Kind::word && !peek().text_mode)) {
    name += take().text;
    if (accept_mark("_")) name.append("_").append(subscript_text());
  }
  return make_symbol(name);
}

// \overline{AB}, \hat{x}: a name with something above it.
Expr Parser::accented(const std::string& accent) {
  const size_t start = next_;
  const bool braced = accept_mark("{");
  std::string name;
  while (peek().kind == Token::Kind::letter || peek().kind == Token::Kind::word ||
         peek().kind == Token::Kind::command) {
    name += take().text;
    if (!braced) break;
  }
  if (accent == "bar" && (name.empty() || (braced && !peek().is_mark("}")))) {  // a conjugate
    next_ = start;
    Expr inner = argument();
    return is_scalar(inner.op) ? call("conj", std::move(inner)) : fail();
  }
  if (braced) expect_mark("}");
  if (name.empty()) return fail();
  return make_symbol(accent == "vec" ? name : fmt::format("{} {}", accent, name));
}

std::string Parser::subscript_text() {
  const bool braced = accept_mark("{");
  std::string text;
  int depth = 0;
  while (!at_end() && !failed_) {
    if (braced && depth == 0 && peek().is_mark("}")) break;
    const Token token = take();
    if (token.is_mark("{")) ++depth;
    if (token.is_mark("}")) --depth;
    text += token.text;
    if (!braced) break;
  }
  if (braced) expect_mark("}");
  return text;
}

// f(x): a call where the letter is a customary function name; otherwise the caller multiplies.
Expr Parser::called(Expr symbol) {
  const bool always = symbol.text == "f" || symbol.text == "g" || symbol.text.starts_with("f_") ||
                      symbol.text.starts_with("f'") || symbol.text.starts_with("g'");
  constexpr std::string_view kOften[] = {"h",   "F",     "G",   "H",     "u", "p", "q", "P", "Q", "y",
                                         "phi", "delta", "psi", "Gamma", "I", "N", "T", "E", "V"};
  if (symbol.text.size() == 1 && symbol.text[0] >= 'A' && symbol.text[0] <= 'Z' && may_try()) {
    Attempt attempt(*this);
    Expr args = parenthesis();
    const bool several = !failed_ && args.op == Op::tuple && args.text == "()";
    const bool choice = several && (symbol.text == "C" || symbol.text == "P") && args.args.size() == 2;
    const bool point = several && free_symbols(args).empty();
    if (choice || point) {  // the coordinates of a point, or C(n, k)
      attempt.keep();
      return make_node(Op::call, std::move(args.args), symbol.text + (choice ? "()" : ""));
    }
  }
  const bool simple_argument =
      peek(2).is_mark(")") && (peek(1).kind == Token::Kind::number || peek(1).kind == Token::Kind::letter);
  const bool zero = simple_argument && peek(1).text == "0";
  const bool often = std::find(std::begin(kOften), std::end(kOften), symbol.text) != std::end(kOften);
  if (!(always || zero || (often && simple_argument))) return symbol;
  Expr arg = parenthesis();
  std::vector<Expr> args;
  if (arg.op == Op::tuple) {
    args = std::move(arg.args);
  } else {
    args.push_back(std::move(arg));
  }
  return make_node(Op::call, std::move(args), symbol.text);
}

}  // namespace deepscaler
