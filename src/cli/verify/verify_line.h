// A line of `deepscaler verify`: the fields of a JSON object, two or three of which are a check.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "verify/grade.h"

namespace deepscaler {

// The object in a line. Throws Error with `where` for anything else.
[[nodiscard]] nlohmann::ordered_json parse_verify_line(std::string_view text, const std::string& where);

struct VerifyInput {
  std::vector<std::string> references;  // the alternatives in "answer"; none where it is null
  std::string response;
  std::string problem;  // empty where it is not given
};

// The check in the fields of a line. Throws Error with `where` for missing ones and those of another type.
[[nodiscard]] VerifyInput verify_input_of(const nlohmann::ordered_json& fields, const std::string& where);

[[nodiscard]] Verdict grade_input(const VerifyInput& input, const GradeOptions& options);

}  // namespace deepscaler
