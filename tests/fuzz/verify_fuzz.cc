// Coverage-guided fuzzing of the verifier (libFuzzer): the input up to the first line break is the
// reference, the rest the response. A crash, a leak, a check beyond the limit of steps or a verdict at odds
// with itself is a find. Seeds: verify_seeds and verify_corpus.sh.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "verify/grade.h"

namespace {

using deepscaler::GradeOptions;
using deepscaler::Verdict;

Verdict checked(const std::string& reference, const std::string& response, const GradeOptions& options) {
  const Verdict verdict = deepscaler::grade({&reference, 1}, response, options);
  // Comparing, and then the search for copies and the reference's value, each up to the limit.
  if (verdict.steps > 2 * (options.policy.step_limit + 5000)) std::abort();
  if (verdict.correct && verdict.undecided) std::abort();
  return verdict;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t middle = std::min(input.find('\n'), size);
  const std::string reference(input.substr(0, middle)), answer(input.substr(std::min(middle + 1, size)));
  const std::string boxed = "\\boxed{" + answer + "}";
  GradeOptions options;
  for (const auto mode : {deepscaler::ExtractMode::boxed, deepscaler::ExtractMode::any}) {
    options.extract = mode;
    static_cast<void>(checked(reference, answer, options));
    const bool correct = checked(reference, boxed, options).correct;
    options.problem = input;  // in which the answer always stands
    // A problem makes an answer right only as the value of what it asks for, and else can only make it a
    // copy.
    const bool may_name = answer.find('=') != std::string::npos;
    if (checked(reference, boxed, options).correct && !correct && !may_name) std::abort();
    options.policy.asked_names_may_be_given = false;
    if (checked(reference, boxed, options).correct && !correct) std::abort();
    options.policy.asked_names_may_be_given = true;
    options.problem = {};
  }
  return 0;
}
