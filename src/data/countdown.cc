#include "data/countdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace deepscaler {
namespace {

using Triple = std::array<int64_t, 3>;

struct Step {
  int64_t left;
  char operation;
  int64_t right;
  int64_t result;

  [[nodiscard]] std::string line() const {
    return fmt::format("{} {} {} = {}\n", left, operation, right, result);
  }
};

// The step where it leads to a natural number.
std::optional<Step> make_step(int64_t left, char operation, int64_t right) {
  int64_t result = 0;
  switch (operation) {
    case '+':
      result = left + right;
      break;
    case '-':
      result = left - right;
      break;
    case '*':
      result = left * right;
      break;
    default:
      if (right == 0 || left % right != 0) return std::nullopt;
      result = left / right;
  }
  if (result < 0) return std::nullopt;
  return Step{left, operation, right, result};
}

struct Way {
  Step first, second;
  bool first_on_the_left;

  [[nodiscard]] std::string expression() const {
    const std::string inner = fmt::format("({} {} {})", first.left, first.operation, first.right);
    return first_on_the_left ? fmt::format("{} {} {}", inner, second.operation, second.right)
                             : fmt::format("{} {} {}", second.left, second.operation, inner);
  }
};

// The first way to the target in a fixed order: additions before products, given order before others.
std::optional<Way> find_way(Triple numbers, int64_t target) {
  constexpr std::string_view kOperations = "+-*/";
  std::ranges::sort(numbers);
  for (char first_operation : kOperations) {
    for (char second_operation : kOperations) {
      Triple order = numbers;
      do {
        const auto first = make_step(order[0], first_operation, order[1]);
        if (!first) continue;
        const auto left = make_step(first->result, second_operation, order[2]);
        if (left && left->result == target) return Way{*first, *left, true};
        const auto right = make_step(order[2], second_operation, first->result);
        if (right && right->result == target) return Way{*first, *right, false};
      } while (std::ranges::next_permutation(order).found);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Exercise> make_countdown(uint64_t number) {
  constexpr int64_t kSmallestTarget = 10;
  Triple numbers;
  for (int64_t& n : numbers) {
    n = 1 + static_cast<int64_t>(number % kCountdownLargest);
    number /= kCountdownLargest;
  }
  const int64_t target = kSmallestTarget + static_cast<int64_t>(number);
  if (!std::ranges::is_sorted(numbers)) return std::nullopt;
  const auto way = find_way(numbers, target);
  if (!way) return std::nullopt;
  const auto& [a, b, c] = numbers;
  const std::string text = fmt::format("{},{},{}={}", a, b, c, target);
  return Exercise{text, text,
                  fmt::format("Reach {} with the numbers {}, {} and {}: use each of them once, with + - * / "
                              "and brackets.",
                              target, a, b, c),
                  fmt::format("{}{}\\boxed{{{}}}", way->first.line(), way->second.line(), way->expression()),
                  fmt::format("{} from {}, {}, {}", target, a, b, c)};
}

}  // namespace deepscaler
