#include "verify/copy/operations.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>

#include "verify/algebra/functions.h"

namespace deepscaler {
namespace {

using Tokens = std::span<const Token>;

bool is_one_of(const Token& token, Token::Kind kind, std::span<const std::string_view> texts) {
  return token.kind == kind && std::ranges::find(texts, token.text) != texts.end();
}

bool opens(const Token& token) {
  constexpr std::string_view kOpening[] = {"(", "[", "{", "{.", "|("};
  return is_one_of(token, Token::Kind::mark, kOpening);
}

bool closes(const Token& token) {
  constexpr std::string_view kClosing[] = {")", "]", "}", "}.", "|)"};
  return is_one_of(token, Token::Kind::mark, kClosing);
}

// What says nothing of operations: running text, signs of percent and degrees, the ends of \lfloor and
// \lceil.
bool is_decoration(const Token& token) {
  constexpr std::string_view kMarks[] = {"%", "'", "\\$"};
  constexpr std::string_view kCommands[] = {"circ", "rfloor", "rceil"};
  return (token.text_mode && token.kind == Token::Kind::word) ||
         is_one_of(token, Token::Kind::mark, kMarks) || is_one_of(token, Token::Kind::command, kCommands);
}

bool is_sign(const Token& token) {
  return token.is_mark("+") || token.is_mark("-") || token.is_command("pm") || token.is_command("mp");
}

bool is_function(const Token& token) {
  constexpr std::string_view kMore[] = {"sum",  "prod", "int",    "lim",  "det",
                                        "bmod", "pmod", "lfloor", "lceil"};
  return is_one_of(token, Token::Kind::command, kMore) ||
         ((token.kind == Token::Kind::command || token.kind == Token::Kind::word) &&
          function_of(token.text) != Function::unknown && token.text != "binom");
}

bool joins_sets(const Token& token) { return token.is_command("cup") || token.is_command("cap"); }

// Marks and commands that stand between two expressions.
bool separates(const Token& token) {
  constexpr std::string_view kMarks[] = {",", ";", ":", "=", "<", ">", "&", "\\\\"};
  constexpr std::string_view kCommands[] = {"le",       "ge",     "ne",     "in",    "cup",  "cap",
                                            "setminus", "approx", "equiv",  "to",    "and",  "or",
                                            "iff",      "mid",    "lfloor", "lceil", "ldots"};
  constexpr std::string_view kWords[] = {"and", "or", "is", "in", "to"};
  return is_one_of(token, Token::Kind::mark, kMarks) || is_one_of(token, Token::Kind::command, kCommands) ||
         is_one_of(token, Token::Kind::word, kWords);
}

// The whole number that a token or a group of one token holds, if it is of moderate size.
std::optional<int64_t> whole_number(Tokens tokens) {
  if (tokens.size() == 3 && tokens[0].is_mark("{")) tokens = tokens.subspan(1, 1);
  if (tokens.size() != 1 || tokens[0].kind != Token::Kind::number || tokens[0].text.size() > 15)
    return std::nullopt;
  int64_t value = 0;
  const std::string& text = tokens[0].text;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_lowest_terms(int64_t above, int64_t below) { return below > 1 && std::gcd(above, below) == 1; }

// Whether the root of this index can be taken of the number or of a factor of it.
bool has_root_in_it(int64_t number, int64_t index) {
  if (index < 2 || index > 60) return false;
  for (int64_t base = 2; base < 1000; ++base) {
    const double factor = std::pow(static_cast<double>(base), static_cast<double>(index));
    if (factor > static_cast<double>(number)) break;
    if (number % static_cast<int64_t>(factor) == 0) return true;
  }
  return number < 2;
}

// The end of the power of ten that begins with the sign of multiplication (or the letter x) at `at`, behind a
// number; nothing where none does.
std::optional<size_t> end_of_power_of_ten(Tokens tokens, size_t at) {
  const bool times =
      tokens[at].is_mark("*") || (tokens[at].is_word("x") && tokens[at].kind == Token::Kind::letter);
  const bool applies = times && at > 0 && tokens[at - 1].kind == Token::Kind::number &&
                       at + 2 < tokens.size() && tokens[at + 1].text == "10" && tokens[at + 2].is_mark("^");
  if (!applies) return std::nullopt;
  return end_of_argument(tokens, at + 3);
}

// Whether an exponent or a subscript begins at `at`.
bool is_script(Tokens tokens, size_t at) {
  return at > 0 && (tokens[at - 1].is_mark("^") || tokens[at - 1].is_mark("_"));
}

// Whether number / number begins at `at` or a fraction of two whole numbers, and is in lowest terms.
bool is_proper_fraction_at(Tokens tokens, size_t at) {
  std::optional<int64_t> above, below;
  if (tokens[at].is_command("frac")) {
    const size_t middle = end_of_argument(tokens, at + 1), end = end_of_argument(tokens, middle);
    above = whole_number(tokens.subspan(at + 1, middle - at - 1));
    below = whole_number(tokens.subspan(middle, end - middle));
    if (above && !below && middle == at + 2 && *above > 9 && *above < 100) {  // \frac12
      below = *above % 10;
      above = *above / 10;
    }
  } else if (at + 2 < tokens.size() && tokens[at + 1].is_mark("/") && !is_script(tokens, at)) {
    above = whole_number(tokens.subspan(at, 1));
    below = whole_number(tokens.subspan(at + 2, 1));
  }
  return above && below && is_lowest_terms(*above, *below);
}

}  // namespace

size_t end_of_argument(Tokens tokens, size_t at) {
  if (at >= tokens.size()) return tokens.size();
  if (tokens[at].is_mark("-")) return end_of_argument(tokens, at + 1);
  if (!opens(tokens[at])) return at + 1;
  int depth = 0;
  for (size_t i = at; i < tokens.size(); ++i) {
    if (opens(tokens[i])) ++depth;
    if (closes(tokens[i]) && --depth == 0) return i + 1;
  }
  return tokens.size();
}

bool Operations::exceed(const Operations& other) const {
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > other.counts_[i]) return true;
  }
  if (roots_below_ > other.roots_below_) return true;
  std::set<std::string> bases = bases_;
  if (other.bases_.empty()) bases.erase("10");
  return !std::ranges::includes(other.bases_, bases);
}

void Operations::note(Operation operation, bool outermost) {
  ++counts_[static_cast<size_t>(operation)];
  if (outermost) last_ = std::max(last_, operation);
}

// \frac or \binom at `at`; returns what follows.
size_t Operations::read_fraction(Tokens tokens, size_t at, bool outermost) {
  const bool split_digits = at + 1 < tokens.size() && tokens[at + 1].kind == Token::Kind::number &&
                            tokens[at + 1].text.size() > 1;  // \frac12
  const size_t middle = end_of_argument(tokens, at + 1);
  const size_t end = split_digits ? middle : end_of_argument(tokens, middle);
  read(tokens.subspan(at + 1, middle - at - 1), false);
  const Tokens below = tokens.subspan(middle, end - middle);
  read(below, false);
  if (std::ranges::any_of(below, [](const Token& token) { return token.is_command("sqrt"); })) ++roots_below_;
  if (tokens[at].is_command("binom")) {
    note(Operation::call, outermost);
  } else if (!is_proper_fraction_at(tokens, at)) {
    note(Operation::product, outermost);
  }
  return end;
}

// \sqrt at `at`; returns what follows.
size_t Operations::read_root(Tokens tokens, size_t at, bool outermost) {
  size_t begin = at + 1;
  int64_t index = 2;
  if (begin < tokens.size() && tokens[begin].is_mark("[")) {
    const size_t end = end_of_argument(tokens, begin);
    index =
        whole_number(tokens.subspan(begin + 1, end - begin - std::min<size_t>(2, end - begin))).value_or(0);
    begin = end;
  }
  const size_t end = end_of_argument(tokens, begin);
  const Tokens argument = tokens.subspan(begin, end - begin);
  read(argument, false);
  const auto number = whole_number(argument);
  if (!number || has_root_in_it(*number, index)) note(Operation::power, outermost);
  return end;
}

// ^ or _ at `at`; returns what follows.
size_t Operations::read_raised(Tokens tokens, size_t at, bool outermost) {
  const size_t end = end_of_argument(tokens, at + 1);
  const Tokens argument = tokens.subspan(at + 1, end - at - 1);
  if (tokens[at].is_mark("_")) {
    const bool numeral =
        at > 0 && (tokens[at - 1].kind == Token::Kind::number ||
                   (tokens[at - 1].kind == Token::Kind::word &&
                    tokens[at - 1].text.find_first_of("0123456789") != std::string::npos));  // A5_{11}
    if (!numeral) return end;
    std::string base;
    for (const Token& token : argument) base += opens(token) || closes(token) ? "" : token.text;
    bases_.insert(base);
    return end;
  }
  const bool decoration = std::ranges::any_of(
      argument, [](const Token& token) { return token.is_command("circ") || token.is_mark("'"); });
  if (!decoration) {
    note(Operation::power, outermost);
    read(argument, false);
  }
  return end;
}

// An operand at `at`, which beside another one is a factor; returns what follows.
size_t Operations::read_operand(Tokens tokens, size_t at, bool after_operand, bool outermost) {
  const Token& token = tokens[at];
  const bool behind_number = at > 0 && tokens[at - 1].kind == Token::Kind::number;
  const bool mixed = behind_number && is_proper_fraction_at(tokens, at);
  const bool repeating = behind_number && (token.is_command("bar") || token.is_command("dot"));
  if (repeating) {
    note(Operation::call, outermost);
    return end_of_argument(tokens, at + 1);
  }
  if (after_operand && !mixed) note(Operation::product, outermost);
  if (token.is_command("frac") || token.is_command("binom")) return read_fraction(tokens, at, outermost);
  if (token.is_command("sqrt")) return read_root(tokens, at, outermost);
  if (opens(token)) {
    const size_t end = end_of_argument(tokens, at);
    read(tokens.subspan(at + 1, end - at - 1), false);
    return end;
  }
  if (is_function(token) || token.is_mark("|")) {
    note(Operation::call, outermost);
  } else if (token.kind == Token::Kind::word) {  // letters beside each other
    for (size_t i = 1; i < token.text.size(); ++i) note(Operation::product, outermost);
  }
  return at + 1;
}

void Operations::read(Tokens tokens, bool outermost) {
  bool after_operand = false;
  int bars = 0;
  for (size_t i = 0; i < tokens.size();) {
    const Token& token = tokens[i];
    if (const auto end = end_of_power_of_ten(tokens, i)) {
      i = *end;
    } else if (is_decoration(token)) {
      ++i;
    } else if (token.is_mark("^") || token.is_mark("_")) {
      i = read_raised(tokens, i, outermost);
    } else if (is_sign(token) || token.is_mark("*") || token.is_mark("/")) {
      const bool fraction = token.is_mark("/") && i > 0 && is_proper_fraction_at(tokens, i - 1);
      if (!is_sign(token) && !fraction) note(Operation::product, outermost);
      if (is_sign(token) && after_operand) note(Operation::sum, outermost);
      after_operand = false;
      ++i;
    } else if (separates(token) || closes(token) || token.is_mark("!")) {
      if (is_function(token) || token.is_mark("!")) note(Operation::call, outermost);  // \lfloor
      if (joins_sets(token)) note(Operation::sum, outermost);
      after_operand = closes(token) || token.is_mark("!");
      ++i;
    } else if (token.is_mark("|") && ++bars % 2 == 0) {
      after_operand = true;
      ++i;
    } else {
      i = read_operand(tokens, i, after_operand, outermost);
      after_operand = !is_function(token) && !token.is_mark("|");
    }
  }
}

}  // namespace deepscaler
