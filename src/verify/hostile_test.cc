// No input is expensive: in steps, and in memory as counted by counted_heap.h.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "verify/counted_heap.h"
#include "verify/grade.h"
#include "verify/hostile_answers.h"

namespace deepscaler {
namespace {

TEST(Hostile, NoAnswerIsExpensive) {
  int64_t most_bytes = 0;
  for (const std::string& hostile : hostile_answers()) {
    for (const auto& [reference, answer] : {std::pair(std::string("5"), hostile),
                                            {hostile, "5"},
                                            {"x^2+\\sqrt{2}", hostile},
                                            {hostile, hostile + "+0"},
                                            {"\\{1,2\\}", hostile}}) {
      const std::string response = boxed(answer);
      const CountedHeap heap;
      const clock_t start = clock();
      const Verdict verdict = grade_one(reference, response);
      const double milliseconds = 1e3 * static_cast<double>(clock() - start) / CLOCKS_PER_SEC;
      EXPECT_LE(verdict.steps, kMaxCheckSteps) << reference.substr(0, 60) << " | " << answer.substr(0, 60);
      EXPECT_LE(heap.peak_bytes(), kMaxCheckBytes)
          << reference.substr(0, 60) << " | " << answer.substr(0, 60);
      most_bytes = std::max(most_bytes, heap.peak_bytes());
      EXPECT_FALSE(verdict.correct && reference == "5") << answer.substr(0, 60);
      EXPECT_FALSE(verdict.undecided && reference != hostile) << reference << " | " << answer.substr(0, 60);
      if (std::getenv("DEEPSCALER_TIME_CHECKS") != nullptr && milliseconds > 5) {
        std::printf("%7.1f ms %9lld steps  %.50s | %.50s\n", milliseconds,
                    static_cast<long long>(verdict.steps), reference.c_str(), answer.c_str());
      }
    }
  }
  std::printf("at most %.1f MB held by one check\n", static_cast<double>(most_bytes) / (1 << 20));
}

// An undecided sample leaves a group's statistics, which nobody may choose for a bad answer.
TEST(Hostile, NoAnswerMakesItsVerdictUndecided) {
  for (const char* reference : {"5", "\\frac{1}{3}", "2\\pi", "x^2+1", "\\{1,2\\}", "(1,2)", "[0,1)", "x=3",
                                "x \\ge 3", "1, 2", "12_5", "45\\%", "5\\text{ cm}", "\\text{Monday}",
                                "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "y=2x+1"}) {
    for (const std::string& worthless :
         {std::string("\\sin(10^{10^{10}})"), std::string("0\\cdot9^{9^{9^9}}"),
          std::string("\\int_0^1 x\\,dx"), std::string("\\sum_{k=1}^{10^9} k"),
          std::string("\\prod_{k=1}^{10^6} \\sin k"), repeated("\\sin(1)+", 1500) + "1"}) {
      for (const std::string& answer :
           {worthless, std::string(reference) + "+" + worthless, "\\{1, 2, " + worthless + "\\}",
            "(1, " + worthless + ")", "[0, " + worthless + ")", "x=" + worthless, "x<" + worthless,
            "1, " + worthless, worthless + "\\%", worthless + "\\text{ cm}", "y=2x+1+" + worthless}) {
        const Verdict verdict = grade_one(reference, boxed(answer));
        EXPECT_FALSE(verdict.undecided) << reference << " | " << answer.substr(0, 60);
        EXPECT_LE(verdict.steps, kMaxCheckSteps);
      }
    }
    EXPECT_FALSE(grade_one(reference, boxed("\\{" + repeated("1,2,", 4000) + "1\\}")).undecided);
  }
  EXPECT_EQ(grade_one("5", boxed("\\sin(10^{10^{10}})")).reason, Reason::out_of_reach);
  const std::string reference = "5", long_problem = "What is $" + repeated("1+", 32'000) + "0$?";
  EXPECT_EQ(grade(std::span(&reference, 1), boxed("\\sin(10^{10^{10}})"), {.problem = long_problem}).reason,
            Reason::out_of_reach);
  // A reference out of reach itself says nothing about an answer.
  EXPECT_TRUE(grade_one("\\sin(10^{10^{10}})", boxed("5")).undecided);
}

TEST(Hostile, LongResponsesAreLinear) {
  const CountedHeap heap;
  const std::string million(1'000'000, '7');
  EXPECT_FALSE(grade_one("5", boxed(million)).correct);
  EXPECT_EQ(grade_one("5", repeated("\\boxed{", 140'000)).reason, Reason::truncated);
  EXPECT_FALSE(grade_one("5", repeated("\\boxed{5}, ", 90'000) + "\\boxed{6}").correct);
  EXPECT_FALSE(grade_one("5", repeated("{", 1'000'000)).correct);
  EXPECT_EQ(grade_one("5", repeated("<think>", 100'000)).reason, Reason::truncated);
  GradeOptions any;
  any.extract = ExtractMode::any;
  const std::string reference[] = {"5"};
  for (const std::string& noise :
       {std::string("$"), std::string("answer is "), std::string("the final answer is "), std::string("\\( "),
        std::string("1.")}) {
    EXPECT_FALSE(grade(reference, repeated(noise, 100'000), any).correct);
  }
  EXPECT_LE(heap.peak_bytes(), kMaxCheckBytes);
}

}  // namespace
}  // namespace deepscaler
