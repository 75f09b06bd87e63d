#include "verify/copy/copied.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "verify/algebra/functions.h"
#include "verify/copy/operations.h"
#include "verify/copy/problem_text.h"
#include "verify/words/units.h"

namespace deepscaler {
namespace {

constexpr size_t kMaxReordered = 4;  // parts, in all their orders
constexpr size_t kMaxSides = 8;      // that are searched for

bool opens(const Token& token) {
  return token.is_mark("(") || token.is_mark("[") || token.is_mark("{") || token.is_mark("{.");
}
bool closes(const Token& token) {
  return token.is_mark(")") || token.is_mark("]") || token.is_mark("}") || token.is_mark("}.");
}
bool joins_sets(const Token& token) { return token.is_command("cup") || token.is_command("cap"); }
bool is_term_sign(const Token& token) { return token.is_mark("+") || token.is_mark("-"); }
bool is_number(const Token& token, std::string_view digits) {
  return token.kind == Token::Kind::number && token.text == digits;
}

// What stands between the marks that `splits` picks outside all brackets; the marks stay in front.
template <class Splits>
std::vector<Tokens> parts_of(Tokens tokens, const Splits& splits) {
  std::vector<Tokens> parts;
  size_t begin = 0;
  for (size_t i = 0; i < tokens.size();) {
    if (i > begin && splits(i)) {
      parts.push_back(tokens.subspan(begin, i - begin));
      begin = i;
    }
    i = opens(tokens[i]) || closes(tokens[i]) ? end_of_argument(tokens, i) : i + 1;
  }
  parts.push_back(tokens.subspan(begin));
  return parts;
}

// Whether a factor begins at `i`: behind a sign of multiplication, or at a bracket or behind one.
bool begins_factor(Tokens tokens, size_t i) {
  const Token &before = tokens[i - 1], &token = tokens[i];
  if (token.is_mark("*")) return true;
  if (before.is_mark("*") || before.is_mark("/") || before.is_mark("^") || before.is_mark("_")) return false;
  const bool operand = token.kind != Token::Kind::mark || token.is_mark("(");
  if (before.is_mark(")")) return operand;
  return token.is_mark("(") &&
         (before.kind == Token::Kind::number || before.kind == Token::Kind::letter || before.is_mark("}"));
}

// Terms of a sum, factors of a product or parts of a union, with their signs in front.
std::vector<Tokens> operands_of(Tokens tokens, Operation last) {
  return parts_of(tokens, [&](size_t i) {
    if (last == Operation::product) return begins_factor(tokens, i);
    if (last != Operation::sum) return false;
    const Token& before = tokens[i - 1];
    const bool raised = before.is_mark("^") || before.is_mark("*") || before.is_mark("/");
    return joins_sets(tokens[i]) || (is_term_sign(tokens[i]) && !raised);
  });
}

// The operands one after the other; what had no sign in front gets that of the others.
Texts joined(const std::vector<Tokens>& parts, const std::vector<size_t>& order, Operation last) {
  std::string_view sign = "+";
  for (const Tokens part : parts) {
    if (joins_sets(part.front())) sign = part.front().text;
  }
  Texts texts;
  for (const size_t i : order) {
    const bool signed_part = is_term_sign(parts[i].front()) || joins_sets(parts[i].front());
    const bool dropped = texts.empty() && signed_part && !parts[i].front().is_mark("-");
    if (last == Operation::sum && !signed_part && !texts.empty()) texts.push_back(sign);
    append_texts(dropped ? parts[i].subspan(1) : parts[i], texts);
  }
  return texts;
}

// How the expression may be written: its operands in all orders, or where they are many, as it is.
std::vector<Texts> orders_of(Tokens expression) {
  std::vector<Texts> result;
  if (expression.empty()) return result;
  const Operation last = Operations(expression).last();
  const std::vector<Tokens> parts = operands_of(expression, last);
  std::vector<size_t> order(parts.size());
  std::iota(order.begin(), order.end(), 0);
  do {
    result.push_back(joined(parts, order, last));
  } while (order.size() <= kMaxReordered && std::ranges::next_permutation(order).found);
  return result;
}

// What stands between signs of equality, "is" among them.
std::vector<Tokens> sides_of(Tokens tokens) {
  const auto equals = [](const Token& token) { return token.is_mark("=") || token.is_word("is"); };
  std::vector<Tokens> sides = parts_of(tokens, [&](size_t i) { return equals(tokens[i]); });
  for (Tokens& side : sides) {
    if (!side.empty() && equals(side.front())) side = side.subspan(1);
  }
  return sides;
}

// x, f(2), \angle ABC: no value.
bool is_name(Tokens side) {
  return !side.empty() && side.front().kind != Token::Kind::number && !side.front().is_mark("-") &&
         !side.front().is_mark("(") && !side.front().is_command("frac") && !side.front().is_command("sqrt");
}

bool is_unit(const Token& token) {
  const bool named = token.kind == Token::Kind::word || token.kind == Token::Kind::letter;
  return token.text_mode || (named && find_unit(token.text).has_value());
}

// Without the unit behind it, such as m/s^2.
Tokens without_unit(Tokens tokens) {
  size_t end = tokens.size();
  for (size_t i = end; i > 0; --i) {
    const bool exponent = i > 2 && tokens[i - 1].kind == Token::Kind::number && tokens[i - 2].is_mark("^");
    if (exponent && is_unit(tokens[i - 3])) i -= 2;
    if (!is_unit(tokens[i - 1])) break;
    end = i - 1;
    if (end > 1 && is_unit(tokens[end - 2]) && (tokens[end - 1].is_mark("/") || tokens[end - 1].is_mark("*")))
      --i;
  }
  return end > 0 ? tokens.first(end) : tokens;
}

// Without "The answer is", "therefore", "=" and other beginnings that say nothing.
Tokens without_lead_in(Tokens tokens) {
  constexpr std::string_view kCommands[] = {"therefore", "implies", "approx", "to", "iff"};
  const auto says_nothing = [&](const Token& token) {
    const bool word = token.kind == Token::Kind::word && (token.text_mode || token.text.size() > 3) &&
                      function_of(token.text) == Function::unknown &&
                      token.text.find_first_of("0123456789") == std::string::npos;
    return word || token.is_mark("=") || token.is_mark(":") || token.is_mark(",") || token.is_mark("+") ||
           (token.kind == Token::Kind::command &&
            std::ranges::find(kCommands, token.text) != std::end(kCommands));
  };
  const auto begin = std::ranges::find_if_not(tokens, says_nothing);
  return begin == tokens.end() ? tokens : tokens.subspan(static_cast<size_t>(begin - tokens.begin()));
}

// Without lead-in, closing punctuation, unit, and the brackets or bars around all.
Tokens without_wrapping(Tokens tokens) {
  constexpr std::string_view kClosing[] = {".", ",", ";", ":", "\\\\", "'"};
  const auto is_closing = [&](const Token& token) {
    return token.kind == Token::Kind::mark && std::ranges::find(kClosing, token.text) != std::end(kClosing);
  };
  tokens = without_lead_in(tokens);
  while (!tokens.empty() && is_closing(tokens.back())) tokens = tokens.first(tokens.size() - 1);
  tokens = without_unit(tokens);
  const auto around = [&](std::string_view open, std::string_view close) {
    return tokens.front().is_mark(open) && tokens.back().is_mark(close) &&
           std::ranges::none_of(tokens.subspan(1, tokens.size() - 2),
                                [&](const Token& token) { return token.is_mark(open); });
  };
  while (tokens.size() > 2 && (((tokens[0].is_mark("{") || tokens[0].is_mark("(")) &&
                                end_of_argument(tokens, 0) == tokens.size()) ||
                               around("|", "|") || around("|(", "|)"))) {
    tokens = tokens.subspan(1, tokens.size() - 2);
  }
  return tokens;
}

// How many tokens at `i` add 0 or multiply by 1: "+0", "*1", "/1", "^1", "^{1}", and "0+" and "1*" in front.
size_t neutral_length(Tokens tokens, size_t i) {
  const auto at = [&](size_t j) { return j < tokens.size() ? tokens[j] : Token{}; };
  const auto ends = [&](size_t j) {
    return j >= tokens.size() || closes(tokens[j]) || is_term_sign(tokens[j]) || tokens[j].is_mark("=") ||
           tokens[j].is_mark("|") || tokens[j].is_mark("|)");
  };
  const bool begins = i == 0 || opens(tokens[i - 1]) || tokens[i - 1].is_mark("=") ||
                      tokens[i - 1].is_mark("|") || tokens[i - 1].is_mark("|(");
  if (is_term_sign(at(i)) && is_number(at(i + 1), "0") && ends(i + 2)) return 2;
  if (begins && is_number(at(i), "0") && at(i + 1).is_mark("+")) return 2;
  if ((at(i).is_mark("*") || at(i).is_mark("/")) && is_number(at(i + 1), "1") &&
      (ends(i + 2) || at(i + 2).is_mark("*")))
    return 2;
  if (at(i).is_mark("^") && is_number(at(i + 1), "1")) return 2;
  if (at(i).is_mark("^") && at(i + 1).is_mark("{") && is_number(at(i + 2), "1") && at(i + 3).is_mark("}"))
    return 4;
  const bool first = begins || (i > 0 && is_term_sign(tokens[i - 1]));
  if (first && is_number(at(i), "1") && at(i + 1).is_mark("*")) return 2;
  return first && is_number(at(i), "1") && at(i + 1).is_mark("(") ? 1 : 0;
}

// The expression without what adds 0 or multiplies by 1, and without what is then around it.
std::vector<Token> without_neutral(Tokens tokens) {
  std::vector<Token> rest(tokens.begin(), tokens.end());
  for (int round = 0; round < 4; ++round) {
    const Tokens before = without_wrapping(rest);
    std::vector<Token> kept;
    for (size_t i = 0; i < before.size();) {
      const size_t dropped = neutral_length(before, i);
      if (dropped == 0) kept.push_back(before[i]);
      i += std::max<size_t>(dropped, 1);
    }
    const bool same = kept.size() == rest.size();
    rest = std::move(kept);
    if (same) break;
  }
  return rest;
}

// The sides that say a value, without the names at the ends of a chain of several.
std::vector<Tokens> value_sides(std::vector<Tokens> sides) {
  if (sides.size() > 1 && is_name(sides.front())) sides.erase(sides.begin());
  if (sides.size() > 1 && sides.back().size() == 1 && is_name(sides.back())) sides.pop_back();
  return sides;
}

bool says_a_number(const std::vector<Tokens>& sides) {
  return sides.size() == 1 && Operations(sides.front()).last() == Operation::none &&
         std::ranges::all_of(sides.front(), [](const Token& token) {
           return token.kind == Token::Kind::number || token.kind == Token::Kind::mark || token.text_mode ||
                  token.is_command("frac");
         });
}

class Search {
 public:
  Search(std::string_view problem, Steps& steps) : problem_(problem, steps), steps_(steps) {}

  // Whether one of the ways to write the expression stands in the problem.
  bool finds(Tokens expression) {
    return std::ranges::any_of(orders_of(expression),
                               [&](const Texts& texts) { return problem_.asks_for(texts, false, steps_); });
  }

  // Whether what the problem asks for is a part of the expression.
  bool finds_part(Tokens expression) {
    Texts texts;
    append_texts(expression, texts);
    return problem_.asks_for_a_part_of(texts, steps_);
  }

  // The same for an equation, its sides in either order, the parts of one of them in any.
  bool finds_equation(Tokens left, Tokens right) {
    const std::vector<Texts> lefts = orders_of(left), rights = orders_of(right);
    if (lefts.empty() || rights.empty()) return false;
    const auto finds_pair = [&](const Texts& a, const Texts& b) {
      for (const auto& [first, second] : {std::pair(&a, &b), std::pair(&b, &a)}) {
        Texts equation = *first;
        equation.emplace_back("=");
        equation.insert(equation.end(), second->begin(), second->end());
        if (problem_.asks_for(equation, true, steps_)) return true;
      }
      return false;
    };
    return std::ranges::any_of(lefts, [&](const Texts& a) { return finds_pair(a, rights.front()); }) ||
           std::ranges::any_of(rights, [&](const Texts& b) { return finds_pair(lefts.front(), b); });
  }

 private:
  ProblemText problem_;
  Steps& steps_;
};

}  // namespace

bool is_copied(std::string_view answer, std::string_view reference, std::string_view problem, Steps& steps) {
  if (problem.empty() || problem.size() > kMaxProblemBytes) return false;
  const std::vector<Token> reference_tokens = plain_tokens(reference);
  const std::vector<Token> answer_tokens = plain_tokens(answer);
  const Tokens expected_tokens = without_wrapping(reference_tokens);
  const Operations expected(expected_tokens);
  const Tokens given_tokens = without_wrapping(answer_tokens);
  const std::vector<Tokens> equation = sides_of(given_tokens);
  const bool one_value = sides_of(expected_tokens).size() == 1;
  // An equation for an equation is judged as a whole, else each of its sides that says a value.
  const bool may_be_equation =
      equation.size() == 2 && !one_value && Operations(given_tokens).exceed(expected);
  std::vector<Tokens> sides = value_sides(equation);
  const auto is_left_to_do = [&](Tokens side) {
    const Operations given(side);
    const bool other_form = one_value && given.last() != Operation::none && given.last() != expected.last();
    return given.exceed(expected) || other_form;
  };
  const bool may_be_value = std::ranges::all_of(sides, is_left_to_do);
  if (!may_be_equation && !may_be_value) return false;
  if (sides.size() > kMaxSides) sides.resize(kMaxSides);
  Search search(problem, steps);
  // What still holds the whole of what was asked is not worked out, where that is a number.
  const bool is_number = says_a_number(value_sides(sides_of(expected_tokens)));
  const auto is_found = [&](Tokens side) {
    const std::vector<Token> plain = without_neutral(side);
    return search.finds(side) || (is_number && search.finds_part(side)) ||
           (plain.size() < side.size() && is_left_to_do(plain) && search.finds(plain));
  };
  const auto is_found_equation = [&](const std::vector<Tokens>& both) {
    return both.size() == 2 && search.finds_equation(both[0], both[1]);
  };
  return (may_be_value && std::ranges::all_of(sides, is_found)) ||
         (may_be_equation &&
          (is_found_equation(equation) || is_found_equation(sides_of(without_neutral(given_tokens)))));
}

bool is_asked_for(std::string_view expression, std::string_view problem, Steps& steps) {
  if (problem.empty() || problem.size() > kMaxProblemBytes) return false;
  const std::vector<Token> tokens = plain_tokens(expression);
  Texts texts;
  append_texts(tokens, texts);
  return !texts.empty() && ProblemText(problem, steps).asks_for(texts, false, steps);
}

}  // namespace deepscaler
