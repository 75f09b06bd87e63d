// Mutated inputs: no crash, no hang, little memory, and the same verdicts by many threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "base/rng.h"
#include "verify/counted_heap.h"
#include "verify/grade.h"
#include "verify/hostile_answers.h"

namespace deepscaler {
namespace {

// A mutation of a seed text; `draw` numbers the random choices.
std::string mutated(const std::vector<std::string>& seeds, const Rng& rng) {
  uint64_t draw = 0;
  const auto below = [&](size_t bound) { return static_cast<size_t>(rng.below(bound, draw++)); };
  constexpr std::string_view kPieces[] = {"{",
                                          "}",
                                          "\\",
                                          "(",
                                          ")",
                                          "[",
                                          "]",
                                          "|",
                                          "^",
                                          "_",
                                          ",",
                                          ";",
                                          "\\frac",
                                          "\\sqrt",
                                          "\\text{",
                                          "\\left",
                                          "\\pm",
                                          "9",
                                          "99999999",
                                          "!",
                                          "x",
                                          "=",
                                          "<",
                                          "\\cup",
                                          "\\infty",
                                          "%",
                                          "^\\circ",
                                          "\\$",
                                          ":",
                                          "'",
                                          "e",
                                          "i",
                                          "\\sum_{k=1}^{9}",
                                          "\\begin{pmatrix}",
                                          "\\end{pmatrix}",
                                          "&",
                                          "\\\\",
                                          " or ",
                                          " and ",
                                          "\xe2",
                                          std::string_view("\0", 1),
                                          "\\boxed{",
                                          "</think>",
                                          "\\log_",
                                          "10^{10}",
                                          "-",
                                          "/"};
  std::string text = seeds[below(seeds.size())];
  const size_t changes = 1 + below(6);
  for (size_t i = 0; i < changes; ++i) {
    const size_t at = below(text.size() + 1);
    switch (below(5)) {
      case 0:
        text.insert(at, kPieces[below(std::size(kPieces))]);
        break;
      case 1:
        text.erase(at, 1 + below(4));
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        break;
      case 3:
        text.insert(at, text.substr(below(text.size() + 1), below(20)));
        break;
      default: {
        const std::string& other = seeds[below(seeds.size())];
        text = text.substr(0, at) + other.substr(below(other.size() + 1));
      }
    }
  }
  return text.substr(0, 3000);
}

// A fixed number of mutated pairs, the same on every machine. DEEPSCALER_FUZZ_INPUTS sets another number,
// DEEPSCALER_FUZZ_SEED another sequence.
TEST(Hostile, MutatedInputsAreGradedAlikeByManyThreads) {
  const auto setting = [](const char* name, int64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::atoll(text);
  };
  const int64_t count = setting("DEEPSCALER_FUZZ_INPUTS", 4000);
  const auto seed = static_cast<uint64_t>(setting("DEEPSCALER_FUZZ_SEED", 1));
  std::vector<std::string> seeds = {"\\frac{3}{4}",
                                    "x^2+2x+1",
                                    "(1,2)\\cup[3,\\infty)",
                                    "\\sqrt{3-2\\sqrt{2}}",
                                    "1 \\pm \\sqrt{19}",
                                    "\\{1,2,3\\}",
                                    "12_5",
                                    "45\\%",
                                    "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}",
                                    "\\$32,\\!348",
                                    "5\\text{ cm}^2",
                                    "x \\in [-2,7]",
                                    "y = 2x+3",
                                    "\\sin^2 x",
                                    "\\log_{10} 250",
                                    "\\text{Monday}",
                                    "(B) 12",
                                    "8:34 \\text{ p.m.}",
                                    "\\binom{2n}{n}",
                                    "\\lfloor\\log_2 n\\rfloor",
                                    "e^{i\\pi/3}",
                                    "3.83 \\times 10^{35}",
                                    "\\sum_{k=1}^{10} k^2",
                                    "-80\\leq g(x)\\leq 82",
                                    "AB=9, CD=4",
                                    "0.1\\overline{6}",
                                    "2\\frac{3}{4}",
                                    "|x-1|\\le 2",
                                    "π/2 − √3",
                                    "100!/2^{50}"};
  for (const std::string& hostile : hostile_answers()) {
    if (hostile.size() < 60) seeds.push_back(hostile);
  }
  std::vector<std::string> references(static_cast<size_t>(count)), responses(static_cast<size_t>(count));
  std::vector<Verdict> verdicts(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<size_t>(i);
    references[index] = i % 3 == 0 ? seeds[index % seeds.size()] : mutated(seeds, Rng(seed, {1, index}));
    responses[index] = boxed(mutated(seeds, Rng(seed, {2, index})));
  }
  set_thread_count(4);
  std::mutex maxima;
  double slowest = 0;
  int64_t most_bytes = 0;
  parallel_for(count, [&](int64_t i) {
    const auto index = static_cast<size_t>(i);
    timespec start{}, end{};
    const CountedHeap heap;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    verdicts[index] = grade_one(references[index], responses[index]);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    const double milliseconds = 1e3 * static_cast<double>(end.tv_sec - start.tv_sec) +
                                1e-6 * static_cast<double>(end.tv_nsec - start.tv_nsec);
    const int64_t bytes = heap.peak_bytes();
    const std::scoped_lock lock(maxima);
    slowest = std::max(slowest, milliseconds);
    most_bytes = std::max(most_bytes, bytes);
    if (milliseconds > 20 && std::getenv("DEEPSCALER_TIME_CHECKS") != nullptr) {
      std::printf("%.1f ms  %lld steps %s | %s\n", milliseconds,
                  static_cast<long long>(verdicts[index].steps), references[index].c_str(),
                  responses[index].c_str());
    }
  });
  std::printf("%lld inputs, slowest %.1f ms, at most %.1f MB held by one\n", static_cast<long long>(count),
              slowest, static_cast<double>(most_bytes) / (1 << 20));
  EXPECT_LE(most_bytes, kMaxCheckBytes);
  for (size_t i = 0; i < verdicts.size(); ++i)
    EXPECT_LE(verdicts[i].steps, kMaxCheckSteps) << references[i] << " | " << responses[i];
  for (int64_t i = 0; i < count; i += 37) {
    const auto index = static_cast<size_t>(i);
    const Verdict again = grade_one(references[index], responses[index]);
    EXPECT_EQ(again.reason, verdicts[index].reason) << references[index] << " | " << responses[index];
    EXPECT_EQ(again.steps, verdicts[index].steps);
  }
  for (size_t i = 0; i < verdicts.size(); ++i) {  // each answer stands in what is given as the problem
    if (!verdicts[i].correct) continue;
    const Verdict copy = grade(std::span(&references[i], 1), responses[i], {.problem = responses[i]});
    EXPECT_TRUE(copy.reason == verdicts[i].reason || copy.reason == Reason::copied)
        << references[i] << " | " << responses[i];
    EXPECT_LE(copy.steps, kMaxCheckSteps);
  }
}

}  // namespace
}  // namespace deepscaler
