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
  const auto name = accented_name();
  if (accent == "bar" && !name) {  // a conjugate
    Expr inner = argument();
    return is_scalar(inner.op()) ? call(Function::conjugate, std::move(inner)) : fail();
  }
  if (!name) return fail();
  if (accent == "bar") return make_symbol(SymbolKind::overlined, *name);
  return make_symbol(accent == "vec" ? *name : fmt::format("{} {}", accent, *name));
}

// A letter or word, or several in braces.
std::optional<std::string> Parser::accented_name() {
  Attempt attempt(*this);
  const bool braced = accept_mark("{");
  std::string name;
  while (peek().kind == Token::Kind::letter || peek().kind == Token::Kind::word ||
         peek().kind == Token::Kind::command) {
    name += take().text;
    if (!braced) break;
  }
  if (name.empty() || (braced && !accept_mark("}"))) return std::nullopt;
  attempt.keep();
  return name;
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

// C(n, k) or P(n, k), which may be a point C or P after all.
Expr Parser::choices(char letter, Expr from, Expr chosen) {
  return make_call(letter == 'C' ? Function::binom : Function::permutations,
                   {std::move(from), std::move(chosen)}, std::string(1, letter));
}

// f(x): a call where the letter is a customary function name; otherwise the caller multiplies.
Expr Parser::called(Expr symbol) {
  const std::string& name = symbol.name();
  const bool always = name == "f" || name == "g" || name.starts_with("f_") || name.starts_with("f'") ||
                      name.starts_with("g'");
  constexpr std::string_view kOften[] = {"h",   "F",     "G",   "H",     "u", "p", "q", "P", "Q", "y",
                                         "phi", "delta", "psi", "Gamma", "I", "N", "T", "E", "V"};
  if (name.size() == 1 && name[0] >= 'A' && name[0] <= 'Z' && may_try()) {
    Attempt attempt(*this);
    Expr args = parenthesis();
    const bool several = !failed_ && args.op() == Op::tuple && args.brackets() == Brackets{};
    const bool choice = several && (name == "C" || name == "P") && args.args.size() == 2;
    const bool point = several && free_symbols(args).empty();
    if (choice || point) attempt.keep();
    if (choice) return choices(name[0], std::move(args.args[0]), std::move(args.args[1]));
    if (point) return make_call(name, std::move(args.args));  // its coordinates
  }
  const bool simple_argument =
      peek(2).is_mark(")") && (peek(1).kind == Token::Kind::number || peek(1).kind == Token::Kind::letter);
  const bool zero = simple_argument && peek(1).text == "0";
  const bool often = std::find(std::begin(kOften), std::end(kOften), name) != std::end(kOften);
  if (!(always || zero || (often && simple_argument))) return symbol;
  Expr arg = parenthesis();
  std::vector<Expr> args;
  if (arg.op() == Op::tuple) {
    args = std::move(arg.args);
  } else {
    args.push_back(std::move(arg));
  }
  return make_call(name, std::move(args));
}

}  // namespace deepscaler
