#include "verify/copied.h"

#include <algorithm>
#include <span>
#include <vector>

#include "verify/lexer.h"
#include "verify/operations.h"
#include "verify/units.h"

namespace deepscaler {
namespace {

using Tokens = std::span<const Token>;
using Texts = std::vector<std::string_view>;  // of tokens that live elsewhere

constexpr size_t kMaxReordered = 5;  // parts, in all their orders

bool is_bracket(const Token& token) {
  constexpr std::string_view kMarks[] = {"{", "}", "(", ")", "[", "]", "{.", "}."};
  return token.kind == Token::Kind::mark && std::ranges::find(kMarks, token.text) != std::end(kMarks);
}

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens = tokenize(text);
  tokens.pop_back();  // the end
  return tokens;
}

// What is written, without brackets and signs of multiplication, and 1/2 as \frac12.
void append_texts(Tokens tokens, Texts& texts) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    const bool takes_digits = token.is_command("frac") || token.is_command("binom");
    if (is_bracket(token) || token.is_mark("*")) continue;
    if (token.is_mark("/") && !texts.empty()) {
      texts.insert(texts.end() - 1, "frac");
      continue;
    }
    if (token.kind == Token::Kind::word && !token.text_mode) {  // RC as R and C
      for (size_t c = 0; c < token.text.size(); ++c)
        texts.push_back(std::string_view(token.text).substr(c, 1));
      continue;
    }
    texts.push_back(token.text);
    if (token.kind == Token::Kind::number && texts.back().ends_with('.')) texts.back().remove_suffix(1);
    if (takes_digits && i + 1 < tokens.size() && tokens[i + 1].kind == Token::Kind::number) {  // \frac12
      const std::string_view digits = tokens[++i].text;
      texts.push_back(digits.substr(0, 1));
      if (digits.size() > 1) texts.push_back(digits.substr(1));
    }
  }
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
    i = is_bracket(tokens[i]) ? end_of_argument(tokens, i) : i + 1;
  }
  parts.push_back(tokens.subspan(begin));
  return parts;
}

// Terms of a sum or factors of a product, with their signs in front.
std::vector<Tokens> operands_of(Tokens tokens, Operation last) {
  return parts_of(tokens, [&](size_t i) {
    if (last == Operation::product) return tokens[i].is_mark("*");
    return last == Operation::sum && (tokens[i].is_mark("+") || tokens[i].is_mark("-")) &&
           !tokens[i - 1].is_mark("^") && !tokens[i - 1].is_mark("*") && !tokens[i - 1].is_mark("/");
  });
}

bool stands_in(const Texts& texts, const Texts& problem) {
  return !texts.empty() && !std::ranges::search(problem, texts).empty();
}

// Whether the expression stands in the problem, with its parts in whatever order.
bool stands_reordered(Tokens expression, Operation last, const Texts& problem) {
  const std::vector<Tokens> parts = operands_of(expression, last);
  std::vector<size_t> order(parts.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  do {
    Texts texts;
    for (const size_t i : order) {
      const bool plus = parts[i].front().is_mark("+");
      if (last == Operation::sum && !plus && !parts[i].front().is_mark("-") && !texts.empty())
        texts.push_back("+");
      append_texts(plus && texts.empty() ? parts[i].subspan(1) : parts[i], texts);
    }
    if (stands_in(texts, problem)) return true;
  } while (order.size() <= kMaxReordered && std::ranges::next_permutation(order).found);
  return false;
}

// What stands between signs of equality.
std::vector<Tokens> sides_of(Tokens tokens) {
  std::vector<Tokens> sides = parts_of(tokens, [&](size_t i) { return tokens[i].is_mark("="); });
  for (Tokens& side : sides) {
    if (!side.empty() && side.front().is_mark("=")) side = side.subspan(1);
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

// Without the full stop, the unit and the brackets around all.
Tokens without_wrapping(Tokens tokens) {
  while (!tokens.empty() && tokens.back().is_mark(".")) tokens = tokens.first(tokens.size() - 1);
  tokens = without_unit(tokens);
  while (tokens.size() > 2 && (tokens[0].is_mark("{") || tokens[0].is_mark("(")) &&
         end_of_argument(tokens, 0) == tokens.size()) {
    tokens = tokens.subspan(1, tokens.size() - 2);
  }
  return tokens;
}

}  // namespace

bool is_copied(std::string_view answer, std::string_view reference, std::string_view problem) {
  if (problem.empty() || problem.size() > kMaxProblemBytes) return false;
  const std::vector<Token> answer_tokens = tokens_of(answer), reference_tokens = tokens_of(reference);
  const Operations expected(without_wrapping(reference_tokens));
  std::vector<Tokens> sides = sides_of(without_wrapping(answer_tokens));
  if (sides.size() > 1 && is_name(sides.front())) sides.erase(sides.begin());
  if (sides.size() > 1 && sides.back().size() == 1 && is_name(sides.back())) sides.pop_back();
  const auto is_left_to_do = [&](Tokens side) {
    const Operations given(side);
    const bool other_form = given.last() != Operation::none && given.last() != expected.last() &&
                            sides_of(reference_tokens).size() == 1;
    return given.exceed(expected) || other_form;
  };
  if (!std::ranges::all_of(sides, is_left_to_do)) return false;
  const std::vector<Token> problem_tokens = tokens_of(problem);
  Texts texts;
  append_texts(problem_tokens, texts);
  return std::ranges::all_of(
      sides, [&](Tokens side) { return stands_reordered(side, Operations(side).last(), texts); });
}

}  // namespace deepscaler
