// The smallest pieces: variables, fractions, roots, functions, big operators.
#include <algorithm>
#include <array>
#include <cctype>

#include "verify/algebra/functions.h"
#include "verify/parse/parser.h"
#include "verify/parse/parser_attempt.h"
#include "verify/parse/parser_nesting.h"

namespace deepscaler {
namespace {

// Splitting moves all later tokens; answers with more runs of letters than this are no mathematics.
constexpr int kMaxSplitWords = 100;

// Commands that are variables: Greek letters and the like.
bool is_symbol_command(std::string_view name) {
  constexpr std::string_view kNames[] = {
      "alpha",     "beta",  "gamma", "delta", "epsilon", "zeta",   "eta",     "theta",   "iota",  "kappa",
      "lambda",    "mu",    "nu",    "xi",    "rho",     "sigma",  "tau",     "upsilon", "phi",   "chi",
      "psi",       "omega", "Gamma", "Delta", "Theta",   "Lambda", "Xi",      "Pi",      "Sigma", "Phi",
      "Psi",       "Omega", "ell",   "hbar",  "partial", "nabla",  "odot",    "oplus",   "top",   "spadesuit",
      "heartsuit", "mho",   "wp",    "aleph", "star",    "perp",   "parallel"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

bool is_accent(std::string_view name) {
  constexpr std::string_view kNames[] = {"bar", "hat", "vec", "dot", "ddot", "tilde", "widetilde", "check"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

}  // namespace

Expr Parser::atom() {
  const Nested nested(*this);
  if (failed_) return fail();
  const Token& token = peek();
  switch (token.kind) {
    case Token::Kind::number:
      return number();
    case Token::Kind::letter:
      return letter();
    case Token::Kind::word:
      return word_atom();
    case Token::Kind::command:
      return command();
    case Token::Kind::mark:
      if (token.is_mark("(") || token.is_mark("[") || token.is_mark("]")) return parenthesis();
      if (token.is_mark("{.")) return set();
      if (token.is_mark("{")) return braces();
      if (token.is_mark("|(")) return bars("|)");
      if (token.is_mark("|")) return bars("|");
      if (token.is_mark("_") || token.is_mark("^")) return combination_in_front();
      break;
    case Token::Kind::end:
      break;
  }
  return fail();
}

Expr Parser::letter() {
  const Token token = take();
  if (token.text == "m" && peek().is_command("angle")) return command();  // the measure of an angle
  if (token.text == "e") return make_node(Op::euler);
  if (token.text == "i") return make_node(Op::imaginary);
  return make_symbol(token.text);
}

Expr Parser::word_atom() {
  const Token token = peek();
  if (function_of(token.text) != Function::unknown && !token.text_mode) return function(take().text);
  if (token.text == "sqrt" || token.text == "cbrt") {
    take();
    const slong degree = token.text == "sqrt" ? 2 : 3;
    return power(atom(), divide(make_number(1), make_number(degree)));
  }
  for (const std::string_view name : {"infinity", "infty", "inf", "oo"}) {
    if (accept_word(name)) return make_node(Op::infinity);
  }
  if (accept_word("pi")) return make_node(Op::pi);
  if (token.text_mode) {
    take();
    if (token.text.size() == 1) return make_symbol(token.text);
    const bool numeral = peek().is_mark("_");
    const bool alone = starts_factor() || peek().kind == Token::Kind::word;
    return numeral || !alone ? make_symbol(token.text) : fail();
  }
  split_word();
  return failed_ ? fail() : atom();
}

// A run of letters in mathematics as functions, constants and single letters: "xsiny" is x sin y.
void Parser::split_word() {
  constexpr std::array<std::string_view, 16> kKnown = {"arcsin", "arccos", "arctan", "sqrt", "sinh", "cosh",
                                                       "tanh",   "sin",    "cos",    "tan",  "sec",  "csc",
                                                       "cot",    "log",    "ln",     "pi"};
  const Token word = take();
  std::vector<Token> pieces;
  for (size_t i = 0; i < word.text.size();) {
    const std::string_view rest = std::string_view(word.text).substr(i);
    const auto* known = std::find_if(kKnown.begin(), kKnown.end(),
                                     [&](std::string_view name) { return rest.starts_with(name); });
    const size_t length = known == kKnown.end() ? 1 : known->size();
    if (static_cast<unsigned char>(rest[0]) >= 0x80) failed_ = true;
    pieces.push_back({length == 1 ? Token::Kind::letter : Token::Kind::command, false,
                      i == 0 && word.space_before, std::string(rest.substr(0, length))});
    i += length;
  }
  if (++split_words_ > kMaxSplitWords) failed_ = true;
  if (failed_) return;
  --next_;
  tokens_.erase(tokens_.begin() + static_cast<ptrdiff_t>(next_));
  tokens_.insert(tokens_.begin() + static_cast<ptrdiff_t>(next_), pieces.begin(), pieces.end());
}

Expr Parser::command() {
  const std::string name = peek().text;
  if (name == "begin") return environment();
  if (name == "langle") return angle_brackets();
  if (name == "lfloor") return between_commands(Function::floor, "rfloor");
  if (name == "lceil") return between_commands(Function::ceil, "rceil");
  take();
  if (name == "frac") return fraction();
  if (name == "matrix" || name == "pmatrix" || name == "bmatrix" || name == "vmatrix")
    return plain_matrix(name);
  if (name == "underbrace" || name == "overbrace") {
    Expr inner = argument();
    if (accept_mark("_") || accept_mark("^")) subscript_text();
    return inner;
  }
  if (name == "sqrt") return root();
  if (name == "rootsign" || name == "cuberootsign") {
    return power(atom(), divide(make_number(1), make_number(name == "rootsign" ? 2 : 3)));
  }
  if (name == "binom") {
    Expr top = argument();
    return make_call(Function::binom, {std::move(top), argument()});
  }
  if (name == "pi") return make_node(Op::pi);
  if (name == "i") return make_node(Op::imaginary);
  if (name == "infty") return make_node(Op::infinity);
  if (name == "emptyset") return make_node(Op::set);
  if (name == "unit_vector") return make_symbol(SymbolKind::unit_vector, take().text);
  if (name == "ldots") return make_symbol(SymbolKind::dots, "");
  if (name == "int") return integral();
  if (name == "lim") return limit();
  if (name == "det") {
    Expr inner = atom();
    return inner.op() == Op::matrix ? determinant(inner) : make_call("det", {std::move(inner)});
  }
  if (name == "ang") {
    Expr angle = argument();
    return make_node(Op::degrees, {std::move(angle)});
  }
  if (name == "sum") return big_operator(Op::sum);
  if (name == "prod") return big_operator(Op::product);
  if (name == "angle" || name == "triangle") return geometric_name(name);
  if (name == "mathbb" || name == "Bbb") {
    const bool braced = accept_mark("{");
    const std::string letter = take().text;
    if (braced) expect_mark("}");
    if (letter != "R") return make_symbol(SymbolKind::number_set, letter);
    return half_of_reals();
  }
  if (function_of(name) != Function::unknown) return function(name);
  if (is_accent(name)) return accented(name);
  if (is_symbol_command(name)) return make_symbol(name);
  return fail();
}

// \mathbb{R}, and what ^+ or _{\ge 0} behind it leaves of it.
Expr Parser::half_of_reals() {
  Attempt attempt(*this);
  const bool scripted = accept_mark("^") || accept_mark("_");
  const std::string which = scripted ? subscript_text() : "";
  const Expr zero = make_number(0), infinity = make_node(Op::infinity);
  const auto range = [&](Expr low, Expr high, Brackets brackets) {
    attempt.keep();
    return make_tuple({std::move(low), std::move(high)}, brackets);
  };
  if (which == "+" || which == ">0") return range(zero, infinity, {});
  if (which == "ge0") return range(zero, infinity, {.low = Bound::closed});
  if (which == "-" || which == "<0") return range(negate(infinity), zero, {});
  if (which == "le0") return range(negate(infinity), zero, {.high = Bound::closed});
  return make_node(Op::reals);
}

// \\frac12 is a half: the first digit becomes a numeral of its own.
void Parser::split_digit() {
  if (peek().text.size() == 1) return;
  if (++split_words_ > kMaxSplitWords) failed_ = true;
  Token rest = peek();
  rest.text.erase(0, 1);
  rest.space_before = false;
  tokens_[next_].text.resize(1);
  tokens_.insert(tokens_.begin() + static_cast<ptrdiff_t>(next_) + 1, std::move(rest));
}

// What a command takes: a group, or the next digit, letter or command.
Expr Parser::argument() {
  const Nested nested(*this);
  if (failed_) return fail();
  if (peek().is_mark("{")) return group();
  if (peek().kind == Token::Kind::number &&
      peek().text.find_first_not_of("0123456789") == std::string::npos) {
    split_digit();
    return number();
  }
  if (peek().kind == Token::Kind::word && !peek().text_mode) split_word();
  return atom();
}

// {}_7C_2 and {}^nP_k, of which the empty group is gone already.
Expr Parser::combination_in_front() {
  take();
  Expr from = argument();
  const std::string letter = take().text;
  expect_mark("_");
  if (failed_ || (letter != "C" && letter != "P")) return fail();
  Expr chosen = argument();
  return choices(letter[0], std::move(from), std::move(chosen));
}

// C_7^2 and C_n^k; an index above is a power where the choice makes no sense, as in C_1^2.
bool Parser::combination(Expr& letter) {
  const bool is_c = is_symbol(letter, "C"), may_be = is_c || is_symbol(letter, "P") || is_symbol(letter, "A");
  if (!may_be || !peek().is_mark("_") || !may_try()) return false;
  Attempt attempt(*this);
  take();
  Expr from = argument();
  Expr chosen = !failed_ && accept_mark("^") ? argument() : make_words("");
  const bool numbers = from.op() == Op::number && chosen.op() == Op::number;
  const bool sensible = numbers ? chosen.number() < from.number() && chosen.number().sign() > 0
                                : is_c && !free_symbols(from).empty();
  if (failed_ || !is_scalar(chosen.op()) || !is_scalar(from.op()) || !sensible) return false;
  letter = choices(is_c ? 'C' : 'P', std::move(from), std::move(chosen));
  return attempt.keep();
}

Expr Parser::fraction() {
  Expr result;
  if (derivative(result)) return result;
  Expr top = argument();
  return divide(std::move(top), argument());
}

// \frac{dx}{dt} and \frac{d^2 v}{dt^2} are names, not quotients of products with a variable d.
bool Parser::derivative(Expr& result) {
  Attempt attempt(*this);
  std::string name;
  for (int part = 0; part < 2; ++part) {
    if (!accept_mark("{") || (peek().text[0] != 'd' && !peek().is_command("partial"))) return false;
    while (!at_end() && !peek().is_mark("}")) {
      if (!accept_mark("{")) {
        name += take().text;
        continue;
      }
      while (!at_end() && !peek().is_mark("}")) name += take().text;
      accept_mark("}");
    }
    take();
    name += part == 0 ? "/" : "";
  }
  const bool differential = name.find_first_of("+-*()=") == name.npos && name.size() > 3 && name != "d/d";
  if (!differential) return false;
  result = make_symbol(name);
  return attempt.keep();
}

Expr Parser::root() {
  const Nested nested(*this);
  if (failed_) return fail();
  Expr degree = make_number(2);
  if (accept_mark("[")) {
    degree = sum();
    expect_mark("]");
  }
  Expr radicand = peek().is_mark("{") ? group() : atom();
  return power(std::move(radicand), divide(make_number(1), std::move(degree)));
}

Expr Parser::function(const std::string& name) {
  const Nested nested(*this);
  if (failed_) return fail();
  Expr raised = make_number(1);
  std::string called_name = name;
  const auto take_exponent = [&] {
    if (!accept_mark("^")) return;
    raised = exponent();
    if (is_number(raised, -1)) {  // sin^{-1} is the inverse function
      called_name.insert(0, "arc");
      raised = make_number(1);
    }
  };
  const bool bare = peek().is_mark("^") && peek(1).kind == Token::Kind::number && peek(1).text.size() > 1;
  if (bare) {  // \sin^22x is the square of sin 2x
    take();
    split_digit();
    raised = number();
  }
  take_exponent();
  std::vector<Expr> args;
  if (accept_mark("_")) args.push_back(peek().is_mark("{") ? group() : argument());
  take_exponent();
  if (function_of(called_name) == Function::unknown) return fail();
  Expr arg = function_argument();
  std::vector<Expr> call_args;
  if (arg.op() == Op::list || arg.op() == Op::tuple || arg.op() == Op::set) {
    call_args = std::move(arg.args);
  } else {
    call_args.push_back(std::move(arg));
  }
  if (!args.empty()) call_args.push_back(std::move(args.front()));
  Expr result = make_call(std::move(called_name), std::move(call_args));
  if (is_number(raised, 1)) return result;
  return power(std::move(result), std::move(raised));
}

// Brackets end the argument; without them it is the product that follows, up to the next function.
Expr Parser::function_argument() {
  for (const std::string_view open : {"(", "[", "{", "|(", "|", "{."}) {
    if (peek().is_mark(open) && !(open == "|" && open_bars_ > 0)) return atom();
  }
  const bool negative = accept_mark("-");
  Expr result = factor();
  while (!failed_ && starts_factor() && !starts_function() && !peek().is_mark("(") && !peek().is_mark("[") &&
         !peek().is_mark("{.") && !peek().is_mark("|") && !peek().is_mark("|(")) {
    const bool exponential = peek().kind == Token::Kind::letter && peek().text == "e" && peek(1).is_mark("^");
    if (exponential && !free_symbols(result).empty()) break;  // \cos x e^{2x}
    result = multiply(std::move(result), factor());
  }
  if (!negative) return result;
  return negate(std::move(result));
}

}  // namespace deepscaler
