#include "verify/countdown.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "verify/algebra/rational.h"
#include "verify/latex/characters.h"
#include "verify/verdict.h"

namespace deepscaler {
namespace {

constexpr size_t kMaxNumbers = 16;
constexpr size_t kMaxDigits = 9;
constexpr size_t kMaxExpressionBytes = 2000;
constexpr int kMaxNesting = 60;

// Reads an unsigned integer off the front of `text`.
std::optional<int64_t> take_integer(std::string_view& text) {
  size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits == 0 || digits > kMaxDigits) return std::nullopt;
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + digits, value);
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

void skip_spaces(std::string_view& text) {
  while (!text.empty() && (text[0] == ' ' || text[0] == '\n' || text[0] == '\t')) text.remove_prefix(1);
}

// How operations are written, and as what they are read. Longer spellings before their beginnings.
constexpr std::pair<std::string_view, std::string_view> kSpellings[] = {
    {"\\times", "*"}, {"\\cdot", "*"}, {"\\div", "/"}, {"\\dfrac", "f"}, {"\\tfrac", "f"}, {"\\frac", "f"},
    {"\\left", ""},   {"\\right", ""}, {"\\,", ""},    {"\\;", ""},      {"\\!", ""},      {"\\ ", ""},
    {"$", ""},        {"\\(", ""},     {"\\)", ""},    {"×", "*"},       {"·", "*"},       {"∗", "*"},
    {"÷", "/"},       {"−", "-"},      {"–", "-"},     {"[", "("},       {"]", ")"},       {"{", "("},
    {"}", ")"},       {" ", ""},       {"\t", ""},     {"\n", ""},
};

// One letter a token; digits stay as they are, with a space between numbers that a space parted.
std::string normalized(std::string_view text) {
  std::string result;
  bool parted = false;
  while (!text.empty()) {
    const auto* spelling =
        std::ranges::find_if(kSpellings, [&](const auto& s) { return take(text, s.first); });
    if (spelling != std::end(kSpellings)) {
      parted = spelling->second.empty();
      result += spelling->second;
      continue;
    }
    if (parted && is_digit(text[0]) && !result.empty() && is_digit(result.back())) result += ' ';
    parted = false;
    result += text[0];
    text.remove_prefix(1);
  }
  return result;
}

// sum = product {(+|-) product}; product = factor {(*|/) factor}, * left out before a bracket;
// factor = number | (sum) | -factor | f(sum)(sum).
class ExpressionReader {
 public:
  explicit ExpressionReader(std::string_view text) : rest_(text) {}

  // The value of the longest expression at the front; nothing where there is none, or where it divides by
  // zero.
  std::optional<Rational> sum() {
    auto value = product();
    while (value && !rest_.empty() && (rest_[0] == '+' || rest_[0] == '-')) {
      const auto operation = rest_[0] == '+' ? fmpq_add : fmpq_sub;
      rest_.remove_prefix(1);
      const auto right = product();
      if (!right) return std::nullopt;
      operation(value->get(), value->get(), right->get());
    }
    return value;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] const std::vector<int64_t>& numbers() const { return numbers_; }

 private:
  std::optional<Rational> product() {
    auto value = factor();
    while (value && !rest_.empty()) {
      const bool divides = rest_[0] == '/';
      if (!divides && rest_[0] != '*' && rest_[0] != '(' && rest_[0] != 'f') break;
      if (divides || rest_[0] == '*') rest_.remove_prefix(1);
      const auto right = factor();
      if (!right || (divides && right->is_zero())) return std::nullopt;
      (divides ? fmpq_div : fmpq_mul)(value->get(), value->get(), right->get());
    }
    return value;
  }

  std::optional<Rational> factor() {
    if (++nesting_ > kMaxNesting) return std::nullopt;
    auto value = nested_factor();
    --nesting_;
    return value;
  }

  std::optional<Rational> nested_factor() {
    if (take(rest_, "-")) {
      auto value = factor();
      if (value) fmpq_neg(value->get(), value->get());
      return value;
    }
    if (take(rest_, "f")) {
      auto above = bracket();
      const auto below = above ? bracket() : std::nullopt;
      if (!below || below->is_zero()) return std::nullopt;
      fmpq_div(above->get(), above->get(), below->get());
      return above;
    }
    if (rest_.starts_with('(')) return bracket();
    const auto number = take_integer(rest_);
    if (!number || numbers_.size() == kMaxNumbers) return std::nullopt;
    numbers_.push_back(*number);
    return Rational(*number);
  }

  std::optional<Rational> bracket() {
    if (!take(rest_, "(")) return std::nullopt;
    auto value = sum();
    return value && take(rest_, ")") ? value : std::nullopt;
  }

  std::string_view rest_;
  std::vector<int64_t> numbers_;
  int nesting_ = 0;
};

Reason judge(const CountdownTask& task, std::string_view answer) {
  if (answer.size() > kMaxExpressionBytes) return Reason::unparsable_answer;
  const std::string text = normalized(answer);
  ExpressionReader reader(text);
  const auto value = reader.sum();
  if (!value) return Reason::unparsable_answer;
  std::string_view rest = reader.rest();
  if (take(rest, "=")) {
    const auto claimed = take_integer(rest);
    if (!claimed) return Reason::unparsable_answer;
    if (*claimed != task.target) return Reason::different;
  }
  if (!rest.empty()) return Reason::unparsable_answer;
  std::vector<int64_t> used = reader.numbers(), given = task.numbers;
  std::ranges::sort(used);
  std::ranges::sort(given);
  return used == given && *value == Rational(task.target) ? Reason::equal : Reason::different;
}

}  // namespace

std::optional<CountdownTask> parse_countdown(std::string_view reference) {
  CountdownTask task;
  skip_spaces(reference);
  const auto target = take_integer(reference);
  if (!target || !take(reference, " from")) return std::nullopt;
  task.target = *target;
  do {
    skip_spaces(reference);
    const auto number = take_integer(reference);
    if (!number || task.numbers.size() == kMaxNumbers) return std::nullopt;
    task.numbers.push_back(*number);
  } while (take(reference, ","));
  return reference.empty() ? std::optional(task) : std::nullopt;
}

Verdict grade_countdown(std::string_view reference, std::string_view response, bool prompt_opened_thinking) {
  Verdict verdict;
  const Extraction found = find_answer(response, ExtractMode::boxed, prompt_opened_thinking);
  verdict.extracted = found.text;
  verdict.steps = 1;
  const auto task = parse_countdown(reference);
  if (!task) {
    decide(verdict, Reason::unparsable_reference);
  } else if (found.found != Extraction::Found::answer) {
    decide(verdict, reason_of(found.found));
  } else {
    decide(verdict, judge(*task, found.text));
  }
  return verdict;
}

}  // namespace deepscaler
