// How checks are made, as people write it in JSON.
#pragma once

#include <cstdint>
#include <string_view>

#include "verify/grade.h"

namespace deepscaler {

// What decides whether a response is right.
enum class CheckKind : uint8_t {
  answer,     // equality with a reference (verify/grade.h)
  countdown,  // the reference is a task, which the response carries out (verify/countdown.h)
};

struct CheckOptions {
  CheckKind kind = CheckKind::answer;
  GradeOptions grade;  // but for the problem, which belongs to a check
};

// The options in a JSON object, {} for the defaults; deepscaler_verify.h names the keys. Throws Error for
// what is no object, unknown keys, and values that a key can't have.
[[nodiscard]] CheckOptions parse_check_options(std::string_view json);

}  // namespace deepscaler
