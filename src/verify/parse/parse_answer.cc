// Answers as wholes: lists of statements, relations, unions of sets, ratios.
#include <algorithm>
#include <set>
#include <tuple>

#include "verify/parse/parse.h"
#include "verify/parse/parser.h"
#include "verify/parse/parser_attempt.h"
#include "verify/parse/parser_nesting.h"
#include "verify/words/dates.h"

namespace deepscaler {
namespace {

// ± stands for both signs: the answer is a list of two.
Expr with_both_signs(Expr expr) {
  if (!contains(expr, Op::sign)) return expr;
  const auto with = [&](slong sign) {
    return rewrite(expr, [sign](Expr& part) {
      if (part.op() == Op::sign) part = make_number(sign);
    });
  };
  const bool excludes = expr.op() == Op::relation &&
                        std::ranges::find(expr.relations(), Relation::not_equal) != expr.relations().end();
  return make_list({with(1), with(-1)}, excludes ? Join::conjunction : Join::disjunction);
}

// 2i + 3j of unit vectors as (2, 3), wherever such a sum stands alone.
Expr with_vectors(Expr expr) {
  const auto is_axis = [](const Expr& part) { return is_symbol(part, SymbolKind::unit_vector); };
  if (!contains(expr, is_axis)) return expr;
  if (!is_scalar(expr.op())) {
    for (Expr& arg : expr.args) arg = with_vectors(std::move(arg));
    return expr;
  }
  if (auto vector = vector_of(expr)) return std::move(*vector);
  return rewrite(std::move(expr), [&](Expr& part) {  // names in bold after all
    if (!is_axis(part)) return;
    part = part.letters() == "i" ? make_node(Op::imaginary) : make_symbol(std::string(part.letters()));
  });
}

// Whether arithmetic is done on scalars only: the root of a tuple is no answer.
bool is_well_formed(const Expr& expr) {
  const bool takes_scalars = is_scalar(expr.op());
  return std::all_of(expr.args.begin(), expr.args.end(), [&](const Expr& arg) {
    return (!takes_scalars || is_scalar(arg.op())) && is_well_formed(arg);
  });
}

bool is_day_of_year(const Expr& expr) { return expr.op() == Op::word && names_a_day(expr.words()); }

// Lists and sets that stand inside lists and sets (through ±) become one.
void append_flat(std::vector<Expr>& items, Expr item) {
  if (item.op() == Op::list) {
    for (Expr& inner : item.args) items.push_back(std::move(inner));
  } else {
    items.push_back(std::move(item));
  }
}

// Whether `bound` only says where a letter of an expression or a definition goes: 3^k, k \ge 2.
bool bounds_a_letter(const Expr& bound, const Expr& expr) {
  const bool defines = is_relation(expr, Relation::equal) && expr.args[0].op() != Op::multiply;
  const Expr& value = defines ? expr.args[1] : expr;
  if (!is_scalar(value.op()) || value.op() == Op::symbol) return false;
  if (!has_only(bound, {Relation::less, Relation::greater, Relation::at_most, Relation::at_least}))
    return false;
  const std::set<std::string> names = free_symbols(bound);
  return names.size() == 1 && free_symbols(value).contains(*names.begin()) &&
         std::ranges::all_of(bound.args, [](const Expr& side) { return is_scalar(side.op()); });
}

// f \equiv 0 without a modulus is f = 0.
Expr said_to_be(Expr expr) {
  if (!is_relation(expr, Relation::congruent)) return expr;
  return make_relation(std::move(expr.args), {Relation::equal});
}

constexpr size_t kMaxResidues = 100;  // that share one modulus

// n = 2, 3 (mod 5): the name at the front and the modulus at the end are those of all.
void share_modulus(std::vector<Expr>& items) {
  const Expr &first = items.front(), &last = items.back();
  const bool applies = is_relation(first, Relation::congruent) && first.args[0].args.empty() &&
                       is_relation(last, Relation::modulus) && last.args[1].args.empty();
  if (!applies || items.size() > kMaxResidues) return;
  const Expr name = first.args[0], modulus = last.args[1];
  for (Expr& item : items) {
    const bool names = is_relation(item, Relation::congruent), ends = is_relation(item, Relation::modulus);
    if (item.op() == Op::relation && !names && !ends) return;
    Expr residue = names ? item.args[1] : ends ? item.args[0] : item;
    item = make_relation({name, std::move(residue), modulus}, {Relation::congruent, Relation::modulus});
  }
}

// x = 1, y = 2 or x = 2, y = 1: each pair a list of its own, where the names come again. `separators` stand
// before the items; an "or" joins no pair.
void group_assignments(std::vector<Expr>& items, const std::vector<Join>& separators) {
  std::vector<std::string> names;
  for (const Expr& item : items) {
    const bool assigns = is_relation(item, Relation::equal) && item.args[0].op() == Op::symbol;
    if (!assigns) return;
    names.push_back(item.args[0].name());
  }
  const std::set<std::string> distinct(names.begin(), names.end());
  const size_t length = distinct.size();
  if (length < 2 || length == names.size() || names.size() % length != 0) return;
  for (size_t begin = 0; begin < names.size(); begin += length) {
    const auto first = names.begin() + static_cast<std::ptrdiff_t>(begin);
    if (std::set<std::string>(first, first + static_cast<std::ptrdiff_t>(length)) != distinct) return;
    for (size_t i = begin + 1; i < begin + length; ++i) {
      if (separators[i] == Join::disjunction) return;
    }
  }
  std::vector<Expr> groups;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i % length == 0) groups.push_back(make_list({}, Join::conjunction));
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
Join Parser::take_separators() {
  Join joined = Join::comma;
  while (at_separator()) {
    const Token token = take();
    if (token.is_word("or")) joined = Join::disjunction;
    if (token.is_word("and")) joined = Join::conjunction;
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
  std::vector<Join> separators;  // before each item
  Join joined = Join::comma;
  Expr first = statement();
  if (first.op() == Op::list) joined = first.join();
  append_flat(items, std::move(first));
  separators.resize(items.size(), joined);
  while (!finished() && at_separator()) {
    const Join separator = take_separators();
    if (separator != Join::comma) joined = separator;
    if (finished()) break;
    if (separator == Join::comma && is_day_of_year(items.back()) && peek().kind == Token::Kind::number) {
      items.back() = make_words(items.back().words() + " " + take().text);  // the year of "January 1, 2000"
      continue;
    }
    Expr membership;
    if (integer_parameter(membership)) {
      append_flat(items, std::move(membership));
      separators.resize(items.size(), separator);
      continue;
    }
    if (separator == Join::comma && skip_condition(items.back())) break;
    append_flat(items, statement());
    separators.resize(items.size(), separator);
  }
  const bool bounded = inside_ == 0 && items.size() == 2 && separators[1] == Join::comma &&
                       bounds_a_letter(items[1], items[0]);
  if (bounded) items.pop_back();
  if (items.size() == 1) return said_to_be(std::move(items.front()));
  share_modulus(items);
  for (Expr& item : items) item = said_to_be(std::move(item));
  group_assignments(items, separators);
  return make_list(std::move(items), joined);
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
  const bool amount = currency_words().has_value();
  const bool negative = (peek().is_word("negative") || peek().is_word("minus")) &&
                        (peek(1).kind == Token::Kind::number || peek(1).kind == Token::Kind::command);
  if (!amount && !negative && words(result)) return result;
  statement_start_ = next_;
  if (calculated_statement(result)) return result;
  const size_t length = failed_ ? 0 : wordy_length();  // "7th floor", "October 30": words after all
  if (length == 0) return fail();
  return phrase_with_number(length);
}

// A relation, with what is said about its names behind it.
bool Parser::calculated_statement(Expr& result) {
  Attempt attempt(*this);
  result = relation();
  if (failed_) return false;
  const Token::Kind next = peek().kind;
  const bool text_follows =
      (next == Token::Kind::word || next == Token::Kind::letter || next == Token::Kind::number ||
       peek().is_mark("-") || peek().is_mark("!") || peek().is_mark("(") || peek().is_command("forall")) &&
      !at_separator();
  if (!text_follows) {
    if (inside_ == 0) result = with_both_signs(std::move(result));
    return attempt.keep();
  }
  Expr membership;
  if (skip_quantifier()) {
    result = with_both_signs(std::move(result));
  } else if (integer_parameter(membership)) {
    Expr family = make_list({}, Join::comma);
    append_flat(family.args, with_both_signs(std::move(result)));
    family.args.push_back(std::move(membership));
    result = std::move(family);
  } else if (skip_condition(result)) {
    result = with_both_signs(std::move(result));
  } else {
    return false;
  }
  return attempt.keep();
}

// '=' and its kin, or nothing.
std::optional<Relation> Parser::take_relation() {
  constexpr std::pair<std::string_view, Relation> kMarks[] = {
      {"=", Relation::equal}, {"<", Relation::less}, {">", Relation::greater}};
  constexpr std::pair<std::string_view, Relation> kCommands[] = {
      {"le", Relation::at_most},    {"ge", Relation::at_least},        {"ne", Relation::not_equal},
      {"in", Relation::element_of}, {"approx", Relation::approximate}, {"equiv", Relation::congruent},
      {"<", Relation::less},        {">", Relation::greater}};
  for (const auto& [mark, sign] : kMarks) {
    if (!accept_mark(mark)) continue;
    if (sign == Relation::equal) accept_mark("=");
    return sign;
  }
  for (const auto& [name, sign] : kCommands) {
    if (accept_command(name)) return sign;
  }
  if (peek().is_word("is") || (peek().is_word("in") && peek().kind == Token::Kind::word)) {
    return take().is_word("is") ? Relation::equal : Relation::element_of;
  }
  return std::nullopt;
}

Expr Parser::relation() {
  Expr first;
  const bool named = name_before_equals(first);
  if (named && accept_mark(":")) {
    Expr value = set_expression();
    return make_relation(std::move(first), Relation::equal, std::move(value));
  }
  if (!named) first = set_expression();
  std::vector<Expr> sides = {std::move(first)};
  std::vector<Relation> signs;
  while (!failed_) {
    const auto sign = take_relation();
    if (!sign) break;
    signs.push_back(*sign);
    Expr side;
    if (!name_before_equals(side) && !name_at_end(side)) side = set_expression();
    if (sign == Relation::equal && at_ratio_sign(side)) side = ratio(std::move(side));
    sides.push_back(std::move(side));
  }
  take_modulus(sides, signs);
  if (!signs.empty()) return make_relation(std::move(sides), std::move(signs));
  first = std::move(sides.front());
  if (at_ratio_sign(first)) return ratio(std::move(first));
  return first;
}

// The modulus of "x = 3 (mod 7)", in all its spellings.
void Parser::take_modulus(std::vector<Expr>& sides, std::vector<Relation>& signs) {
  Expr& last = sides.back();
  const bool bare = peek().is_mark("(") && peek(1).is_word("mod");
  const bool congruent = signs == std::vector{Relation::congruent};
  if (peek().is_command("pmod") || bare) {
    if (bare) take();
    take();
    Expr modulus = bare ? sum() : argument();
    if (bare) expect_mark(")");
    sides.push_back(std::move(modulus));
  } else if (congruent && last.op() == Op::call && last.function() == Function::mod) {  // x \equiv 3 \bmod 7
    Expr residue = std::move(last.args[0]), modulus = std::move(last.args[1]);
    last = std::move(residue);
    sides.push_back(std::move(modulus));
  } else {
    return;
  }
  signs.push_back(Relation::modulus);
}

// The colon of 1:4 and 1:\sqrt{3}:2, or the "to" of "3 to 4".
bool Parser::at_ratio_sign(const Expr& first) const {
  if (!is_scalar(first.op()) || in_set_builder_) return false;
  const Token& next = peek(1);
  const bool value_follows = next.kind == Token::Kind::number || next.is_command("sqrt") ||
                             next.is_command("frac") || next.is_command("pi");
  if (peek().is_mark(":")) {
    const bool letters =
        next.kind == Token::Kind::letter && (first.op() == Op::symbol || peek(2).is_mark(":"));
    return value_follows || letters;
  }
  return peek().is_word("to") && peek().kind == Token::Kind::word && first.op() == Op::number &&
         value_follows;
}

Expr Parser::set_expression() {
  Expr result = sum();
  while (!failed_) {
    Op op;
    const bool letter_u =
        peek().kind == Token::Kind::letter && peek().text == "U" && result.op() == Op::tuple;
    if (peek().is_command("cup") || peek().is_word("union") || letter_u) {
      op = Op::set_union;
    } else if (peek().is_command("cap")) {
      op = Op::set_intersection;
    } else if (peek().is_command("setminus") ||
               (peek().is_mark("-") && (result.op() == Op::reals || result.op() == Op::set_difference))) {
      op = Op::set_difference;
    } else {
      break;
    }
    take();
    const bool same = result.op() == op && op == Op::set_union;
    if (!same && ++set_operations_ > kMaxDepth) return fail();
    if (!same) result = make_node(op, {std::move(result)});
    result.args.push_back(sum());
  }
  return result;
}

// 1:4, 2:3:5, and times of day, where the minutes have two digits.
Expr Parser::ratio(Expr first) {
  std::vector<Expr> parts = {std::move(first)};
  if (peek().is_word("to")) {
    take();
    parts.push_back(sum());
    return make_ratio(std::move(parts));
  }
  bool is_time = true;
  while (!failed_ && accept_mark(":")) {
    is_time = is_time && peek().kind == Token::Kind::number && peek().text.size() == 2;
    parts.push_back(sum());
  }
  Clock clock = is_time ? Clock::unmarked : Clock::none;
  if (const auto half = take_half_of_day()) clock = *half;
  accept_mark(".");
  if (is_time && accept_word("noon")) clock = Clock::pm;
  if (is_time && accept_word("midnight")) clock = Clock::am;
  return make_ratio(std::move(parts), clock);
}

// "am", "p.m." and "p m"; of several, the last.
std::optional<Clock> Parser::take_half_of_day() {
  std::optional<Clock> half;
  for (const auto& [letter, joined, clock] :
       {std::tuple{"a", "am", Clock::am}, std::tuple{"p", "pm", Clock::pm}}) {
    if (accept_word(joined)) {
      half = clock;
    } else if (peek().is_word(letter) &&
               (peek(1).is_word("m") || (peek(1).is_mark(".") && peek(2).is_word("m")))) {
      while (!at_end() && !peek().is_word("m")) take();
      take();
      half = clock;
    }
  }
  return half;
}

}  // namespace deepscaler
