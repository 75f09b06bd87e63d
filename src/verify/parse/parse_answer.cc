// Answers as wholes: lists of statements, relations, unions of sets, ratios.
#include <algorithm>
#include <array>
#include <set>

#include "verify/parse/parse.h"
#include "verify/parse/parser.h"
#include "verify/parse/parser_nesting.h"
#include "verify/words/dates.h"

namespace deepscaler {
namespace {

// ± stands for both signs: the answer is a list of two.
Expr with_both_signs(Expr expr) {
  if (!contains(expr, Op::sign)) return expr;
  const auto with = [&](slong sign) {
    return rewrite(expr, [sign](Expr& part) {
      if (part.op == Op::sign) part = make_number(sign);
    });
  };
  const bool excludes = expr.op == Op::relation && expr.text.find('N') != std::string::npos;
  Expr both = make_node(Op::list, {}, excludes ? "and" : "or");
  both.args.push_back(with(1));
  both.args.push_back(with(-1));
  return both;
}

// 2i + 3j of unit vectors as (2, 3), wherever such a sum stands alone.
Expr with_vectors(Expr expr) {
  const auto is_axis = [](const Expr& part) {
    return part.op == Op::symbol && part.text.starts_with("unit ");
  };
  if (!contains(expr, is_axis)) return expr;
  if (!is_scalar(expr.op)) {
    for (Expr& arg : expr.args) arg = with_vectors(std::move(arg));
    return expr;
  }
  if (auto vector = vector_of(expr)) return std::move(*vector);
  return rewrite(std::move(expr), [&](Expr& part) {  // names in bold after all
    if (!is_axis(part)) return;
    part = part.text == "unit i" ? make_node(Op::imaginary, {}) : make_symbol(part.text.substr(5));
  });
}

// Whether arithmetic is done on scalars only: the root of a tuple is no answer.
bool is_well_formed(const Expr& expr) {
  const bool takes_scalars = is_scalar(expr.op);
  return std::all_of(expr.args.begin(), expr.args.end(), [&](const Expr& arg) {
    return (!takes_scalars || is_scalar(arg.op)) && is_well_formed(arg);
  });
}

bool is_day_of_year(const Expr& expr) { return expr.op == Op::word && names_a_day(expr.text); }

// Lists and sets that stand inside lists and sets (through ±) become one.
void append_flat(std::vector<Expr>& items, Expr item) {
  if (item.op == Op::list) {
    for (Expr& inner : item.args) items.push_back(std::move(inner));
  } else {
    items.push_back(std::move(item));
  }
}

// Whether `bound` only says where a letter of an expression or a definition goes: 3^k, k \ge 2.
bool bounds_a_letter(const Expr& bound, const Expr& expr) {
  const bool defines = expr.op == Op::relation && expr.text == "=" && expr.args[0].op != Op::multiply;
  const Expr& value = defines ? expr.args[1] : expr;
  if (!is_scalar(value.op) || value.op == Op::symbol || bound.op != Op::relation) return false;
  if (bound.text.find_first_not_of("<>LG") != std::string::npos) return false;
  const std::set<std::string> names = free_symbols(bound);
  return names.size() == 1 && free_symbols(value).contains(*names.begin()) &&
         std::ranges::all_of(bound.args, [](const Expr& side) { return is_scalar(side.op); });
}

// f \equiv 0 without a modulus is f = 0.
Expr said_to_be(Expr expr) {
  if (expr.op == Op::relation && expr.text == "M") expr.text = "=";
  return expr;
}

constexpr size_t kMaxResidues = 100;  // that share one modulus

// n = 2, 3 (mod 5): the name at the front and the modulus at the end are those of all.
void share_modulus(std::vector<Expr>& items) {
  const Expr &first = items.front(), &last = items.back();
  const bool applies = first.op == Op::relation && first.text == "M" && first.args[0].args.empty() &&
                       last.op == Op::relation && last.text == "m" && last.args[1].args.empty();
  if (!applies || items.size() > kMaxResidues) return;
  const Expr name = first.args[0], modulus = last.args[1];
  for (Expr& item : items) {
    Expr residue = item.op == Op::relation ? (item.text == "M" ? item.args[1] : item.args[0]) : item;
    if (item.op == Op::relation && item.text != "M" && item.text != "m") return;
    item = make_node(Op::relation, {name, std::move(residue), modulus}, "Mm");
  }
}

// x = 1, y = 2 or x = 2, y = 1: each pair a list of its own, where the names come again. `separators` stand
// before the items; an "or" joins no pair.
void group_assignments(std::vector<Expr>& items, const std::vector<std::string>& separators) {
  std::vector<std::string> names;
  for (const Expr& item : items) {
    const bool assigns = item.op == Op::relation && item.text == "=" && item.args[0].op == Op::symbol;
    if (!assigns) return;
    names.push_back(item.args[0].text);
  }
  const std::set<std::string> distinct(names.begin(), names.end());
  const size_t length = distinct.size();
  if (length < 2 || length == names.size() || names.size() % length != 0) return;
  for (size_t begin = 0; begin < names.size(); begin += length) {
    const auto first = names.begin() + static_cast<std::ptrdiff_t>(begin);
    if (std::set<std::string>(first, first + static_cast<std::ptrdiff_t>(length)) != distinct) return;
    for (size_t i = begin + 1; i < begin + length; ++i) {
      if (separators[i] == "or") return;
    }
  }
  std::vector<Expr> groups;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i % length == 0) groups.push_back(make_node(Op::list, {}, "and"));
    groups.back().args.push_back(std::move(items[i]));
  }
  items = std::move(groups);
}

}  // namespace

std::optional<Expr> parse_answer(std::string_view text) {
  if (text.size() > kMaxAnswerBytes) return std::nullopt;
  std::vector<Token> tokens = tokenize(text);
  const auto is_noise = [](const Token& token) {
    return token.is_mark(".") || token.is_mark(",") || token.is_mark(";") || token.is_mark(":") ||
           token.is_mark("\\\\");
  };
  while (tokens.size() > 1 && is_noise(tokens[tokens.size() - 2])) tokens.erase(tokens.end() - 2);
  if (tokens.size() == 1 || tokens.size() > static_cast<size_t>(kMaxNodes)) return std::nullopt;
  Parser parser(std::move(tokens));
  Expr expr = parser.answer();
  if (parser.failed()) return std::nullopt;
  expr = with_vectors(std::move(expr));
  if (!is_well_formed(expr)) return std::nullopt;
  return expr;
}

Expr Parser::answer() {
  Expr result = statements_until({});
  return at_end() ? result : fail();
}

bool Parser::at_separator() const {
  const Token& token = peek();
  return token.is_mark(",") || token.is_mark(";") || token.is_mark("\\\\") || token.is_word("and") ||
         token.is_word("or");
}

// The strongest of the separators that stand here: "and" and "or" say more than commas.
std::string Parser::take_separators() {
  std::string joined = ",";
  while (at_separator()) {
    const Token token = take();
    if (token.is_word("or")) joined = "or";
    if (token.is_word("and")) joined = "and";
  }
  return joined;
}

// One statement, or a list of several, up to a mark that is not consumed (or to the end).
Expr Parser::statements_until(std::string_view closing_mark) {
  const Nested nested(*this);
  const auto finished = [&] {
    return failed_ || at_end() || (!closing_mark.empty() && peek().is_mark(closing_mark));
  };
  if (failed_) return fail();
  std::vector<Expr> items;
  std::vector<std::string> separators;  // before each item
  std::string joined = ",";
  Expr first = statement();
  if (first.op == Op::list) joined = first.text;
  append_flat(items, std::move(first));
  separators.resize(items.size(), joined);
  while (!finished() && at_separator()) {
    const std::string separator = take_separators();
    if (separator != ",") joined = separator;
    if (finished()) break;
    if (separator == "," && is_day_of_year(items.back()) && peek().kind == Token::Kind::number) {
      items.back().text += ' ';
      items.back().text += take().text;  // the year of "January 1, 2000"
      continue;
    }
    Expr membership;
    if (integer_parameter(membership)) {
      append_flat(items, std::move(membership));
      separators.resize(items.size(), separator);
      continue;
    }
    if (separator == "," && skip_condition(items.back())) break;
    append_flat(items, statement());
    separators.resize(items.size(), separator);
  }
  const bool bounded =
      inside_ == 0 && items.size() == 2 && separators[1] == "," && bounds_a_letter(items[1], items[0]);
  if (bounded) items.pop_back();
  if (items.size() == 1) return said_to_be(std::move(items.front()));
  share_modulus(items);
  for (Expr& item : items) item = said_to_be(std::move(item));
  group_assignments(items, separators);
  return make_node(Op::list, std::move(items), joined);
}

Expr Parser::statement() {
  const Nested nested(*this);
  if (failed_) return fail();
  Expr result;
  while (skip_lead_in()) {
  }
  if (integer_parameter(result)) return result;
  if (choice_letter(result)) return result;
  if (fraction_in_words(result) || number_in_words(result)) return result;
  std::string money;
  const bool amount = currency_word_length(money) > 0;
  const bool negative = (peek().is_word("negative") || peek().is_word("minus")) &&
                        (peek(1).kind == Token::Kind::number || peek(1).kind == Token::Kind::command);
  if (!amount && !negative && words(result)) return result;
  const size_t start = next_;
  statement_start_ = next_;
  result = relation();
  const Token::Kind next = peek().kind;
  const bool text_follows =
      (next == Token::Kind::word || next == Token::Kind::letter || next == Token::Kind::number ||
       peek().is_mark("-") || peek().is_mark("!") || peek().is_mark("(") || peek().is_command("forall")) &&
      !at_separator();
  if (!failed_ && text_follows && skip_quantifier()) return with_both_signs(std::move(result));
  Expr membership;
  if (!failed_ && text_follows && integer_parameter(membership)) {
    Expr family = make_node(Op::list, {}, ",");
    append_flat(family.args, with_both_signs(std::move(result)));
    family.args.push_back(std::move(membership));
    return family;
  }
  if (!failed_ && text_follows && skip_condition(result)) return with_both_signs(std::move(result));
  if (!failed_ && !text_follows) return inside_ > 0 ? result : with_both_signs(std::move(result));
  // "7th floor", "October 30": words after all.
  next_ = start;
  const size_t length = wordy_length();
  if (length == 0) return fail();
  failed_ = false;
  return phrase_with_number(length);
}

// '=' and its kin as the letters of Op::relation, or 0.
char Parser::take_relation() {
  constexpr std::pair<std::string_view, char> kCommands[] = {{"le", 'L'},     {"ge", 'G'}, {"ne", 'N'},
                                                             {"approx", '~'}, {"in", 'E'}, {"equiv", 'M'},
                                                             {"<", '<'},      {">", '>'}};
  for (const std::string_view mark : {"=", "<", ">"}) {
    if (!accept_mark(mark)) continue;
    if (mark == "=" && accept_mark("=")) return '=';
    return mark[0];
  }
  for (const auto& [name, letter] : kCommands) {
    if (accept_command(name)) return letter;
  }
  if (peek().is_word("is") || (peek().is_word("in") && peek().kind == Token::Kind::word)) {
    return take().is_word("is") ? '=' : 'E';
  }
  return '\0';
}

Expr Parser::relation() {
  Expr first;
  bool named = name_before_equals(first);
  if (named && accept_mark(":")) {
    Expr value = set_expression();
    return make_node(Op::relation, {std::move(first), std::move(value)}, "=");
  }
  if (!named) first = set_expression();
  Expr result = make_node(Op::relation, {});
  result.args.push_back(std::move(first));
  while (!failed_) {
    const char op = take_relation();
    if (op == '\0') break;
    result.text += op;
    Expr side;
    if (!name_before_equals(side) && !name_at_end(side)) side = set_expression();
    if (op == '=' && at_ratio_sign(side)) side = ratio(std::move(side));
    result.args.push_back(std::move(side));
  }
  if (take_modulus(result) || result.args.size() > 1) return result;
  first = std::move(result.args.front());
  if (at_ratio_sign(first)) return ratio(std::move(first));
  return first;
}

// The modulus of "x = 3 (mod 7)", in all its spellings.
bool Parser::take_modulus(Expr& relation) {
  Expr& last = relation.args.back();
  const bool bare = peek().is_mark("(") && peek(1).is_word("mod");
  if (peek().is_command("pmod") || bare) {
    if (bare) take();
    take();
    Expr modulus = bare ? sum() : argument();
    if (bare) expect_mark(")");
    relation.args.push_back(std::move(modulus));
  } else if (relation.text == "M" && last.op == Op::call && last.text == "mod") {  // x \equiv 3 \bmod 7
    Expr residue = std::move(last.args[0]), modulus = std::move(last.args[1]);
    last = std::move(residue);
    relation.args.push_back(std::move(modulus));
  } else {
    return false;
  }
  relation.text += 'm';
  return true;
}

// The colon of 1:4 and 1:\sqrt{3}:2, or the "to" of "3 to 4".
bool Parser::at_ratio_sign(const Expr& first) const {
  if (!is_scalar(first.op) || in_set_builder_) return false;
  const Token& next = peek(1);
  const bool value_follows = next.kind == Token::Kind::number || next.is_command("sqrt") ||
                             next.is_command("frac") || next.is_command("pi");
  if (peek().is_mark(":")) {
    const bool letters = next.kind == Token::Kind::letter && (first.op == Op::symbol || peek(2).is_mark(":"));
    return value_follows || letters;
  }
  return peek().is_word("to") && peek().kind == Token::Kind::word && first.op == Op::number && value_follows;
}

Expr Parser::set_expression() {
  Expr result = sum();
  while (!failed_) {
    Op op;
    const bool letter_u = peek().kind == Token::Kind::letter && peek().text == "U" && result.op == Op::tuple;
    if (peek().is_command("cup") || peek().is_word("union") || letter_u) {
      op = Op::set_union;
    } else if (peek().is_command("cap")) {
      op = Op::set_intersection;
    } else if (peek().is_command("setminus") ||
               (peek().is_mark("-") && (result.op == Op::reals || result.op == Op::set_difference))) {
      op = Op::set_difference;
    } else {
      break;
    }
    take();
    const bool same = result.op == op && op == Op::set_union;
    if (!same && ++set_operations_ > kMaxDepth) return fail();
    if (!same) result = make_node(op, {std::move(result)});
    result.args.push_back(sum());
  }
  return result;
}

// 1:4, 2:3:5, and times of day, where the minutes have two digits.
Expr Parser::ratio(Expr first) {
  Expr result = make_node(Op::ratio, {});
  result.args.push_back(std::move(first));
  bool is_time = true;
  if (peek().is_word("to")) {
    take();
    result.args.push_back(sum());
    return result;
  }
  while (!failed_ && accept_mark(":")) {
    is_time = is_time && peek().kind == Token::Kind::number && peek().text.size() == 2;
    result.args.push_back(sum());
  }
  if (is_time) result.text = 't';
  for (const auto& [half, joined, time] :
       {std::array<std::string_view, 3>{"a", "am", "tam"}, {"p", "pm", "tpm"}}) {
    if (accept_word(joined)) {
      result.text = time;
    } else if (peek().is_word(half) &&
               (peek(1).is_word("m") || (peek(1).is_mark(".") && peek(2).is_word("m")))) {
      while (!at_end() && !peek().is_word("m")) take();
      take();
      result.text = time;
    }
  }
  accept_mark(".");
  if (is_time && accept_word("noon")) result.text = "tpm";
  if (is_time && accept_word("midnight")) result.text = "tam";
  return result;
}

}  // namespace deepscaler
