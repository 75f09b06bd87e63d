// The C library by its header: what is asked is answered, and wrong calls are said in JSON.
#include "capi/deepscaler_verify.h"

#include <fenv.h>
#include <gtest/gtest.h>
#include <locale.h>
#include <pthread.h>
#include <xmmintrin.h>

#include <atomic>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "verify/hostile_answers.h"
#include "verify/version.h"

namespace deepscaler {
namespace {

std::string taken(char* result) {
  const std::unique_ptr<char, void (*)(char*)> owner(result, deepscaler_free);
  return result == nullptr ? "NULL" : result;
}

deepscaler_text text_of(const std::string& text) { return {text.data(), text.size()}; }

std::string grade_json(const std::string& answer, const std::string& response,
                       const char* options = nullptr) {
  return taken(deepscaler_grade(text_of(answer), text_of(response), options));
}

std::string extract_json(const std::string& response, const char* options = nullptr) {
  return taken(deepscaler_extract(text_of(response), options));
}

TEST(Library, Grades) {
  EXPECT_EQ(grade_json("\\frac12", "so \\boxed{0.5}"),
            R"({"correct":true,"undecided":false,"extracted":"0.5","reason":"equal"})");
  EXPECT_EQ(grade_json("5", "it is 6"),
            R"({"correct":false,"undecided":false,"extracted":"","reason":"no_answer"})");
  EXPECT_EQ(grade_json("\\frac{", "\\boxed{1}"),
            R"({"correct":false,"undecided":true,"extracted":"1","reason":"unparsable_reference"})");
  EXPECT_EQ(grade_json("", ""), R"({"correct":false,"undecided":false,"extracted":"","reason":"no_answer"})");
}

TEST(Library, Extracts) {
  EXPECT_EQ(extract_json("so \\boxed{0.5}"), R"({"found":"answer","extracted":"0.5"})");
  EXPECT_EQ(extract_json("it is 6"), R"({"found":"none","extracted":""})");
  EXPECT_EQ(extract_json("it is 6", R"({"extract": "any"})"), R"({"found":"answer","extracted":"6"})");
  EXPECT_EQ(extract_json("\\boxed{}"), R"({"found":"empty","extracted":""})");
  EXPECT_EQ(extract_json("\\boxed{5"), R"({"found":"truncated","extracted":""})");
}

TEST(Library, EveryOptionMatters) {
  struct Case {
    const char *options, *answer, *response;
    bool by_default;
  };
  for (const Case& c : {
           Case{R"({"extract": "any"})", "6", "it is 6", false},
           Case{R"({"prompt_opened_thinking": true})", "6", "\\boxed{6}", true},
           Case{R"({"grader": "countdown"})", "98 from 44, 19, 35", "\\boxed{44 + 19 + 35}", false},
           Case{R"({"percent_may_be_dropped": false})", "45\\%", "\\boxed{45}", true},
           Case{R"({"units_may_be_dropped": false})", "45\\text{ cm}", "\\boxed{45}", true},
           Case{R"({"names_may_be_dropped": false})", "x = 5", "\\boxed{5}", true},
           Case{R"({"lists_are_ordered": true})", "1, 2", "\\boxed{2, 1}", true},
           Case{R"({"references_may_be_rounded": true})", "33.3", "\\boxed{\\frac{100}{3}}", false},
           Case{R"({"inequalities_may_be_pairs": true})", "(0,12.5)", "\\boxed{0<x<12.5}", false},
           Case{R"({"letters_may_differ": true})", "f(x)=ax", "\\boxed{f(x)=cx}", false},
           Case{R"({"decimal_places": 2})", "\\pi", "\\boxed{3.14}", false},
           Case{R"({"accept_numeric_agreement": false})", "\\sin^2 x", "\\boxed{1-\\cos^2 x}", true},
           Case{R"({"step_limit": 1})", "\\sqrt{8}", "\\boxed{2\\sqrt{2}}", true},
       }) {
    const auto is_correct = [&](const char* options) {
      return grade_json(c.answer, c.response, options).starts_with(R"({"correct":true)");
    };
    EXPECT_EQ(is_correct(nullptr), c.by_default) << c.options;
    EXPECT_EQ(is_correct("{}"), c.by_default) << c.options;
    EXPECT_EQ(is_correct(c.options), !c.by_default) << c.options;
  }
}

TEST(Library, SaysWhatIsWrongWithACall) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "options: not valid JSON at byte 1; check that the file is complete"},
      {"[]", R"(options: not a JSON object; write {\"extract\": \"any\"}, or {})"},
      {R"({"extrat": "any"})", R"(options: unknown key \"extrat\"; did you mean \"extract\"?)"},
      {R"({"extract": "all"})", R"(options: \"extract\" has no such value; give \"boxed\" or \"any\")"},
      {R"({"extract": null})", R"(options: \"extract\" is null; leave it out for the default)"},
      {R"({"grader": 1})", R"(options: \"grader\" has no such value; give \"answer\" or \"countdown\")"},
      {R"({"lists_are_ordered": 1})",
       R"(options: \"lists_are_ordered\" is neither true nor false; give one of them)"},
      {R"({"decimal_places": 16})",
       R"(options: \"decimal_places\" is out of range; give a whole number from 1 to 15)"},
      {R"({"decimal_places": 2.5})",
       R"(options: \"decimal_places\" is out of range; give a whole number from 1 to 15)"},
      {R"({"step_limit": 18446744073709551615})",
       R"(options: \"step_limit\" is out of range; give a whole number from 1 to 10000000)"},
  };
  for (const auto& [options, message] : cases) {
    const std::string error = std::string(R"({"error":")") + message + "\"}";
    EXPECT_EQ(grade_json("1", "1", options), error);
    EXPECT_EQ(extract_json("1", options), error);
    EXPECT_EQ(taken(deepscaler_grade_batch(nullptr, 0, options, 1)), error);
  }
  EXPECT_EQ(taken(deepscaler_grade({nullptr, 3}, {"1", 1}, nullptr)),
            R"({"error":"answer: 3 bytes at NULL; give its bytes, or 0 for an empty text"})");
  EXPECT_EQ(
      taken(deepscaler_grade({"1", 1}, {"1", std::numeric_limits<size_t>::max()}, nullptr)),
      R"({"error":"response: 18446744073709551615 bytes, more than 67108864; cut it, or check its length"})");
  EXPECT_EQ(taken(deepscaler_grade_batch(nullptr, 2, nullptr, 1)),
            R"({"error":"checks: 2 checks at NULL; give them, or 0 where there are none"})");
  deepscaler_free(nullptr);
}

TEST(Library, GradesManyInOrder) {
  const std::vector<deepscaler_text> alternatives = {deepscaler_text_of("46"), deepscaler_text_of("7")};
  const deepscaler_text response = deepscaler_text_of("\\boxed{12+34}");
  const std::vector<deepscaler_check> checks = {
      {alternatives.data(), 2, response, {}},
      {alternatives.data(), 2, response, deepscaler_text_of("What is $12+34$?")},
      {&alternatives[1], 1, response, {}},
      {nullptr, 0, response, {}},
      {nullptr, 1, response, {}},
  };
  const std::string expected =
      R"([{"correct":true,"undecided":false,"extracted":"12+34","reason":"equal"},)"
      R"({"correct":false,"undecided":false,"extracted":"12+34","reason":"copied"},)"
      R"({"correct":false,"undecided":false,"extracted":"12+34","reason":"different"},)"
      R"({"correct":false,"undecided":true,"extracted":"12+34","reason":"unparsable_reference"},)"
      R"({"error":"answers: 1 answers at NULL; give them, or 0 where there are none"}])";
  for (const unsigned threads : {0u, 1u, 2u, 100u}) {
    EXPECT_EQ(taken(deepscaler_grade_batch(checks.data(), checks.size(), nullptr, threads)), expected);
  }
  EXPECT_EQ(taken(deepscaler_grade_batch(nullptr, 0, nullptr, 0)), "[]");
}

TEST(Library, TakesAnyBytes) {
  EXPECT_EQ(grade_json("5", std::string("\\boxed{\xff") + '\0' + "5}"),
            R"({"correct":false,"undecided":false,"extracted":")"
            "\xef\xbf\xbd"
            R"(\u00005","reason":"different"})");
  EXPECT_NE(grade_json("5", std::string("\\boxed{5}") + '\0' + "\\boxed{6}").find(R"("extracted":"6")"),
            std::string::npos);
}

#ifdef __SANITIZE_ADDRESS__
constexpr size_t kStackBytes = 2 << 20;  // its frames are several times as large
#else
constexpr size_t kStackBytes = 256 << 10;
#endif

// In every thread the same, with as little stack as the header promises.
TEST(Library, IsThreadSafeOnSmallStacks) {
  const std::vector<std::string> answers = hostile_answers();
  std::vector<std::string> expected;
  for (const std::string& answer : answers) expected.push_back(grade_json("5", boxed(answer)));
  std::atomic<int> differences = 0;
  auto grade_all = [&] {
    for (size_t i = 0; i < answers.size(); ++i)
      differences += grade_json("5", boxed(answers[i])) != expected[i];
  };
  using Work = decltype(grade_all);
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, kStackBytes);
  std::vector<pthread_t> threads(4);
  for (pthread_t& thread : threads) {
    const auto run = [](void* work) -> void* { return (*static_cast<Work*>(work))(), nullptr; };
    ASSERT_EQ(pthread_create(&thread, &small, run, &grade_all), 0);
  }
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  pthread_attr_destroy(&small);
  EXPECT_EQ(differences, 0);
}

TEST(Library, LeavesTheCallersModesAlone) {
  const unsigned before = _mm_getcsr();
  _MM_SET_ROUNDING_MODE(_MM_ROUND_UP);
  const unsigned upwards = _mm_getcsr();
  const locale_t own = newlocale(LC_ALL_MASK, "C.UTF-8", nullptr);
  const locale_t global = uselocale(own);
  EXPECT_NE(grade_json("\\sqrt{2}", "\\boxed{2^{1/2}}").find("\"correct\":true"), std::string::npos);
  EXPECT_EQ(_mm_getcsr(), upwards);
  EXPECT_EQ(uselocale(global), own);
  _mm_setcsr(before);
  freelocale(own);
}

TEST(Library, HasTheVerifiersVersion) { EXPECT_EQ(deepscaler_version(), verifier_version()); }

}  // namespace
}  // namespace deepscaler
