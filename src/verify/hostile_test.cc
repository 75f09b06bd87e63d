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
      EXPECT_LT(verdict.steps, 200'000) << reference.substr(0, 60) << " | " << answer.substr(0, 60);
      EXPECT_LE(heap.peak_bytes(), kMaxCheckBytes)
          << reference.substr(0, 60) << " | " << answer.substr(0, 60);
      most_bytes = std::max(most_bytes, heap.peak_bytes());
      EXPECT_FALSE(verdict.correct && reference == "5") << answer.substr(0, 60);
      if (std::getenv("DEEPSCALER_TIME_CHECKS") != nullptr && milliseconds > 5) {
        std::printf("%7.1f ms %9lld steps  %.50s | %.50s\n", milliseconds,
                    static_cast<long long>(verdict.steps), reference.c_str(), answer.c_str());
      }
    }
  }
  std::printf("at most %.1f MB held by one check\n", static_cast<double>(most_bytes) / (1 << 20));
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
