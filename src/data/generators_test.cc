#include "data/generators.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

#include "base/error.h"
#include "data/arithmetic.h"

namespace deepscaler {
namespace {

std::vector<std::string> all_kinds() {
  std::vector<std::string> names;
  for (const auto& kind : arithmetic_kinds()) names.emplace_back(kind.name);
  return names;
}

std::set<std::string> texts(const std::vector<Problem>& problems) {
  std::set<std::string> texts;
  for (const auto& problem : problems) texts.insert(problem.problem);
  return texts;
}

// "47 + 38" with the numbers in order, so that swapped operands are one problem. Countdown problems have
// them in order, and a target that is no operand.
std::string unordered(const std::string& problem) {
  if (problem.starts_with("Reach")) return problem;
  std::vector<std::string> numbers;
  const std::regex number("[0-9/]+");
  for (std::sregex_iterator i(problem.begin(), problem.end(), number), end; i != end; ++i)
    numbers.push_back(i->str());
  std::sort(numbers.begin(), numbers.end());
  std::string text;
  for (const auto& n : numbers) text += n + " ";
  return text;
}

struct Fraction {
  int64_t above, below;
};

Fraction parse(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return {std::stoll(text), 1};
  return {std::stoll(text.substr(0, slash)), std::stoll(text.substr(slash + 1))};
}

// Both sides of "a + b = c", worked out by a route of the test's own.
bool holds(const std::string& line) {
  static const std::regex form("([0-9/]+)(?: ([-+*/]) ([0-9/]+))? = ([0-9/]+)");
  std::smatch match;
  if (!std::regex_match(line, match, form)) return false;
  Fraction value = parse(match[1]);
  if (match[2].str() == "/") {
    const Fraction b = parse(match[3]);
    value = {value.above * b.below, value.below * b.above};
  } else if (match[2].matched) {
    const Fraction b = parse(match[3]);
    const char sign = match[2].str()[0];
    if (sign == '*')
      value = {value.above * b.above, value.below * b.below};
    else
      value = {value.above * b.below + (sign == '+' ? 1 : -1) * b.above * value.below, value.below * b.below};
  }
  const Fraction right = parse(match[4]);
  return value.above * right.below == right.above * value.below;
}

TEST(Generators, SolutionsAreTrueLineByLine) {
  for (const auto& problem : generate_problems({all_kinds(), Split::kTrain, 7, 1200})) {
    std::istringstream lines(problem.solution);
    std::string line, result;
    while (std::getline(lines, line) && !line.starts_with("\\boxed{")) {
      EXPECT_TRUE(holds(line)) << problem.problem << "\n" << line;
      result = line.substr(line.rfind(' ') + 1);
    }
    ASSERT_EQ(problem.answers.size(), 1u);
    if (problem.grader == Grader::kCountdown) {  // its box holds an expression: grading_test.cc
      EXPECT_TRUE(problem.answers[0].starts_with(result + " from ")) << problem.solution;
      continue;
    }
    EXPECT_EQ(line, "\\boxed{" + problem.answers[0] + "}");
    // 6/1 is written as 6 in the box.
    EXPECT_EQ(parse(result).above,
              parse(problem.answers[0]).above * parse(result).below / parse(problem.answers[0]).below);
    const std::string question = problem.problem.substr(8, problem.problem.size() - 9);
    if (!problem.source.starts_with("sum")) {
      EXPECT_TRUE(holds(question + " = " + problem.answers[0])) << question;
    }
  }
}

TEST(Generators, ReadAsMeant) {
  const auto& kinds = arithmetic_kinds();
  const auto first = [&](size_t kind, uint64_t number) { return kinds[kind].make(number)->solution; };
  EXPECT_EQ(kinds[0].make(37 + 90 * 28)->problem, "What is 47 + 38?");
  EXPECT_EQ(first(0, 37 + 90 * 28), "40 + 30 = 70\n7 + 8 = 15\n70 + 15 = 85\n\\boxed{85}");
  EXPECT_EQ(first(3, 73 + 90 * 37), "83 - 40 = 43\n43 - 7 = 36\n\\boxed{36}");
  EXPECT_EQ(first(4, 37 + 90 * 4), "40 * 6 = 240\n7 * 6 = 42\n240 + 42 = 282\n\\boxed{282}");
  EXPECT_EQ(kinds[3].make(0), std::nullopt);
}

TEST(Generators, TestProblemsNeverOccurInTraining) {
  for (const auto& kind : all_kinds()) {
    std::set<std::string> held_out;
    for (const auto& problem : generate_problems({{kind}, Split::kTest, 1, 200}))
      held_out.insert(unordered(problem.problem));
    for (uint64_t seed : {1, 2, 3})
      for (const auto& problem : generate_problems({{kind}, Split::kTrain, seed, 400}))
        EXPECT_FALSE(held_out.contains(unordered(problem.problem))) << problem.problem;
  }
}

TEST(Generators, ProblemsAreDistinctAndSeedsDiffer) {
  const auto one = generate_problems({all_kinds(), Split::kTrain, 1, 600});
  const auto two = generate_problems({all_kinds(), Split::kTrain, 2, 600});
  EXPECT_EQ(texts(one).size(), 600u);
  std::vector<std::string> common;
  const auto a = texts(one), b = texts(two);
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(common));
  EXPECT_LT(common.size(), 200u);
}

TEST(Generators, SmallerCountIsTheBeginning) {
  const auto some = generate_problems({{"add", "mul"}, Split::kTest, 5, 11});
  const auto more = generate_problems({{"add", "mul"}, Split::kTest, 5, 50});
  for (size_t i = 0; i < some.size(); ++i) EXPECT_EQ(some[i].id, more[i].id);
  EXPECT_EQ(some[0].source, "add");
  EXPECT_EQ(some[1].source, "mul");
}

TEST(Generators, BothSplitsTogetherAreEverything) {
  size_t exercises = 0;
  const auto& sub = arithmetic_kinds()[3];
  for (uint64_t number = 0; number < sub.space; ++number) exercises += sub.make(number).has_value();
  EXPECT_EQ(exercises, 90u * 89 / 2);
  const auto count = [](Split split) {
    for (int64_t n = 0;; ++n) try {
        (void)generate_problems({{"mul"}, split, 1, n});
      } catch (const Error&) {
        return n - 1;
      }
  };
  EXPECT_EQ(count(Split::kTest) + count(Split::kTrain), 720);
  EXPECT_GE(count(Split::kTest), 200);
}

TEST(Generators, RefusesInOneLine) {
  const auto refusal = [](const GeneratorRequest& request) -> std::string {
    try {
      (void)generate_problems(request);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(refusal({{"ad"}, Split::kTrain, 1, 1}), "problems: unknown kind \"ad\"; did you mean \"add\"?");
  EXPECT_EQ(refusal({{"add", "add"}, Split::kTrain, 1, 1}),
            "problems: kind \"add\" is named twice; name each kind once");
  EXPECT_TRUE(refusal({{}, Split::kTrain, 1, 1}).starts_with("problems: no kind is named; name one: add ("));
  const std::string too_many = refusal({{"mul"}, Split::kTest, 1, 100'000});
  EXPECT_TRUE(std::regex_match(
      too_many,
      std::regex("problems of kind mul: there are only 2[0-9]+ distinct test problems; ask for fewer")))
      << too_many;
}

}  // namespace
}  // namespace deepscaler
