// Coverage-guided fuzzing of the verifier (libFuzzer): the input up to the first line break is the
// reference, the rest the response. A crash, a leak or a check beyond the step limit is a find.
// Seeds: verify_corpus.sh.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "verify/grade.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t middle = std::min(input.find('\n'), size);
  const std::string references[] = {std::string(input.substr(0, middle))};
  const std::string answer(input.substr(std::min(middle + 1, size)));
  deepscaler::GradeOptions options;
  for (const auto mode : {deepscaler::ExtractMode::boxed, deepscaler::ExtractMode::any}) {
    options.extract = mode;
    const deepscaler::Verdict verdict = deepscaler::grade(references, "\\boxed{" + answer + "}", options);
    if (verdict.correct && verdict.undecided) std::abort();
    static_cast<void>(deepscaler::grade(references, answer, options));
    options.problem = input;  // in which the answer always stands
    if (deepscaler::grade(references, "\\boxed{" + answer + "}", options).correct && !verdict.correct)
      std::abort();
    options.problem = {};
  }
  return 0;
}
