#include "data/arithmetic.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "data/countdown.h"

namespace deepscaler {
namespace {

using Numbers = std::vector<int64_t>;

// Reads a number of the space as digits of a mixed base: takes one operand in [low, high] off it.
int64_t take(uint64_t& number, int64_t low, int64_t high) {
  const auto choices = static_cast<uint64_t>(high - low + 1);
  const auto operand = low + static_cast<int64_t>(number % choices);
  number /= choices;
  return operand;
}

constexpr int64_t kSmallest = 10, kLargest = 99;
constexpr uint64_t kTwoDigit = kLargest - kSmallest + 1;
constexpr uint64_t kOneDigit = 8;  // 2 to 9
constexpr int64_t kLargestDenominator = 12;
constexpr uint64_t kDenominators = kLargestDenominator - 1;  // 2 to 12, and numerators 1 to 11

constexpr uint64_t power(uint64_t base, int exponent) {
  return exponent == 0 ? 1 : base * power(base, exponent - 1);
}

int64_t tens(int64_t n) { return n / 10 * 10; }
int64_t ones(int64_t n) { return n % 10; }

// "40 + 30 = 70", "7 + 8 = 15", "70 + 15 = 85": one addition, in three lines.
std::string addition_steps(int64_t a, int64_t b) {
  const int64_t of_tens = tens(a) + tens(b), of_ones = ones(a) + ones(b);
  return fmt::format("{} + {} = {}\n{} + {} = {}\n{} + {} = {}\n", tens(a), tens(b), of_tens, ones(a),
                     ones(b), of_ones, of_tens, of_ones, a + b);
}

std::string boxed(std::string_view answer) { return fmt::format("\\boxed{{{}}}", answer); }

// Adds up from left to right, so that each further number costs the same three lines.
template <int kCount>
std::optional<Exercise> make_sum(uint64_t number) {
  Numbers numbers;
  for (int i = 0; i < kCount; ++i) numbers.push_back(take(number, kSmallest, kLargest));
  std::string solution;
  int64_t total = numbers[0];
  for (int i = 1; i < kCount; ++i) {
    solution += addition_steps(total, numbers[i]);
    total += numbers[i];
  }
  Numbers sorted = numbers;
  std::sort(sorted.begin(), sorted.end());
  const std::string answer = fmt::format("{}", total);
  return Exercise{fmt::format("{}", fmt::join(sorted, "+")), fmt::format("{}", fmt::join(numbers, "+")),
                  fmt::format("What is {}?", fmt::join(numbers, " + ")), solution + boxed(answer), answer};
}

std::optional<Exercise> make_difference(uint64_t number) {
  const int64_t a = take(number, kSmallest, kLargest), b = take(number, kSmallest, kLargest);
  if (a <= b) return std::nullopt;
  const std::string text = fmt::format("{}-{}", a, b), answer = fmt::format("{}", a - b);
  const std::string steps =
      fmt::format("{} - {} = {}\n{} - {} = {}\n", a, tens(b), a - tens(b), a - tens(b), ones(b), a - b);
  return Exercise{text, text, fmt::format("What is {} - {}?", a, b), steps + boxed(answer), answer};
}

std::optional<Exercise> make_product(uint64_t number) {
  const int64_t a = take(number, kSmallest, kLargest), b = take(number, 2, 9);
  const std::string text = fmt::format("{}*{}", a, b), answer = fmt::format("{}", a * b);
  const std::string steps = fmt::format("{} * {} = {}\n{} * {} = {}\n{} + {} = {}\n", tens(a), b, tens(a) * b,
                                        ones(a), b, ones(a) * b, tens(a) * b, ones(a) * b, a * b);
  return Exercise{text, text, fmt::format("What is {} * {}?", a, b), steps + boxed(answer), answer};
}

struct Fraction {
  int64_t above;
  int64_t below;
};

std::string write(Fraction f) {
  return f.below == 1 ? fmt::format("{}", f.above) : fmt::format("{}/{}", f.above, f.below);
}

Fraction reduce(Fraction f) {
  const int64_t divisor = std::gcd(f.above, f.below);
  return {f.above / divisor, f.below / divisor};
}

bool is_proper(Fraction f) { return f.above < f.below && std::gcd(f.above, f.below) == 1; }

// Both over the common denominator, the sum, and its reduced form where that differs.
std::optional<Exercise> make_fraction_sum(uint64_t number) {
  const Fraction a{take(number, 1, kLargestDenominator - 1), take(number, 2, kLargestDenominator)};
  const Fraction b{take(number, 1, kLargestDenominator - 1), take(number, 2, kLargestDenominator)};
  if (!is_proper(a) || !is_proper(b)) return std::nullopt;
  const int64_t common = std::lcm(a.below, b.below);
  const Fraction wide_a{a.above * common / a.below, common}, wide_b{b.above * common / b.below, common};
  const Fraction sum{wide_a.above + wide_b.above, common}, reduced = reduce(sum);
  std::string steps;
  if (common != a.below) steps += fmt::format("{} = {}\n", write(a), write(wide_a));
  if (common != b.below) steps += fmt::format("{} = {}\n", write(b), write(wide_b));
  steps += fmt::format("{} + {} = {}\n", write(wide_a), write(wide_b), write(sum));
  if (reduced.below != sum.below) steps += fmt::format("{} = {}\n", write(sum), write(reduced));
  const std::string first = write(a), second = write(b), answer = write(reduced);
  const auto [lesser, greater] = std::minmax(first, second);
  return Exercise{fmt::format("{}+{}", lesser, greater), fmt::format("{}+{}", first, second),
                  fmt::format("What is {} + {}?", first, second), steps + boxed(answer), answer};
}

constexpr ArithmeticKind kKinds[] = {
    {"add", "the sum of two two-digit numbers", power(kTwoDigit, 2), make_sum<2>},
    {"sum3", "the sum of three two-digit numbers", power(kTwoDigit, 3), make_sum<3>},
    {"sum5", "the sum of five two-digit numbers", power(kTwoDigit, 5), make_sum<5>},
    {"sub", "a two-digit number less a smaller one", power(kTwoDigit, 2), make_difference},
    {"mul", "a two-digit number times a one-digit one", kTwoDigit* kOneDigit, make_product},
    {"fraction", "the sum of two reduced fractions", power(kDenominators, 4), make_fraction_sum},
    {"countdown", "reach a number with three given ones", kCountdownSpace, make_countdown,
     Grader::kCountdown},
};

}  // namespace

std::span<const ArithmeticKind> arithmetic_kinds() { return kKinds; }

}  // namespace deepscaler
