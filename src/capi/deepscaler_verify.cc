#include "capi/deepscaler_verify.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <new>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "base/error.h"
#include "capi/caller_state.h"
#include "capi/check_options.h"
#include "capi/verdict_fields.h"
#include "formats/json_text.h"
#include "verify/countdown.h"
#include "verify/grade.h"
#include "verify/version.h"

namespace deepscaler {
namespace {

using nlohmann::ordered_json;

std::string error_json(const std::exception& error) { return json_line({{"error", error.what()}}); }

char* to_c(std::string_view text) {
  char* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) return nullptr;
  copy[text.copy(copy, text.size())] = '\0';
  return copy;
}

// The boundary: what `work` answers, or what it has thrown, as the caller's own string.
template <class Work>
char* answer_of(const Work& work) noexcept {
  try {
    const CallerState state;
    try {
      return to_c(work());
    } catch (const Error& error) {
      return to_c(error_json(error));
    }
  } catch (...) {
    return nullptr;  // of the rest only bad_alloc can be
  }
}

std::string_view view_of(const deepscaler_text& text, const char* where) {
  if (text.data == nullptr && text.bytes > 0) {
    throw Error(where, fmt::format("{} bytes at NULL", text.bytes), "give its bytes, or 0 for an empty text");
  }
  if (text.bytes > DEEPSCALER_MAX_TEXT_BYTES) {
    throw Error(where, fmt::format("{} bytes, more than {}", text.bytes, DEEPSCALER_MAX_TEXT_BYTES),
                "cut it, or check its length");
  }
  return {text.data, text.bytes};
}

CheckOptions options_of(const char* json) {
  return json == nullptr ? CheckOptions() : parse_check_options(json);
}

std::vector<std::string> references_of(const deepscaler_check& check) {
  if (check.answers == nullptr && check.answer_count > 0) {
    throw Error("answers", fmt::format("{} answers at NULL", check.answer_count),
                "give them, or 0 where there are none");
  }
  std::vector<std::string> references;
  for (const deepscaler_text& answer : std::span(check.answers, check.answer_count)) {
    references.emplace_back(view_of(answer, "answer"));
  }
  return references;
}

Verdict verdict_on(const deepscaler_check& check, const CheckOptions& options) {
  const std::vector<std::string> references = references_of(check);
  const std::string_view response = view_of(check.response, "response");
  GradeOptions grading = options.grade;
  grading.problem = view_of(check.problem, "problem");
  if (options.kind == CheckKind::answer || references.empty()) return grade(references, response, grading);
  return grade_countdown(references[0], response, grading.prompt_opened_thinking);
}

std::string verdict_json(const deepscaler_check& check, const CheckOptions& options) {
  ordered_json fields;
  add_verdict(fields, verdict_on(check, options));
  return json_line(fields);
}

size_t cores_of_process() {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return static_cast<size_t>(CPU_COUNT(&cores));
  return std::max(1u, std::thread::hardware_concurrency());
}

// Calls work(i) for every i below `count`, here and on threads of this call alone: those of a pool that lasts
// would be missing in the child of a fork.
template <class Work>
void in_threads(size_t count, size_t threads, const Work& work) {
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = false;
  const auto take_turns = [&]() noexcept {
    try {
      const CallerState state;
      for (size_t i; !failed && (i = next++) < count;) work(i);
    } catch (...) {
      failed = true;
    }
  };
  {
    std::vector<std::jthread> helpers;
    try {
      while (helpers.size() + 1 < std::min(threads, count)) helpers.emplace_back(take_turns);
    } catch (const std::system_error&) {
      // The machine gives no more: those that there are do the work.
    }
    take_turns();
  }
  if (failed) throw std::bad_alloc();
}

std::string verdicts_json(std::span<const deepscaler_check> checks, const CheckOptions& options,
                          size_t threads) {
  std::vector<std::string> verdicts(checks.size());
  in_threads(checks.size(), threads, [&](size_t i) {
    try {
      verdicts[i] = verdict_json(checks[i], options);
    } catch (const Error& error) {
      verdicts[i] = error_json(error);
    }
  });
  std::string array = "[";
  for (const std::string& verdict : verdicts) array += (array.size() > 1 ? "," : "") + verdict;
  return array + "]";
}

std::string_view found_name(Extraction::Found found) {
  switch (found) {
    case Extraction::Found::answer:
      return "answer";
    case Extraction::Found::empty:
      return "empty";
    case Extraction::Found::truncated:
      return "truncated";
    case Extraction::Found::none:
      break;
  }
  return "none";
}

}  // namespace
}  // namespace deepscaler

using namespace deepscaler;

char* deepscaler_grade(deepscaler_text answer, deepscaler_text response, const char* options) {
  return answer_of([&] {
    const deepscaler_check check = {
        .answers = &answer, .answer_count = 1, .response = response, .problem = {}};
    return verdict_json(check, options_of(options));
  });
}

char* deepscaler_grade_batch(const deepscaler_check* checks, size_t count, const char* options,
                             unsigned threads) {
  return answer_of([&] {
    if (checks == nullptr && count > 0) {
      throw Error("checks", fmt::format("{} checks at NULL", count), "give them, or 0 where there are none");
    }
    return verdicts_json(std::span(checks, count), options_of(options),
                         threads == 0 ? cores_of_process() : threads);
  });
}

char* deepscaler_extract(deepscaler_text response, const char* options) {
  return answer_of([&] {
    const GradeOptions grading = options_of(options).grade;
    const Extraction found =
        find_answer(view_of(response, "response"), grading.extract, grading.prompt_opened_thinking);
    ordered_json fields;
    fields["found"] = found_name(found.found);
    fields["extracted"] = found.text;
    return json_line(fields);
  });
}

const char* deepscaler_version() {
  static const std::string version = verifier_version();
  return version.c_str();
}

void deepscaler_free(char* result) { std::free(result); }
