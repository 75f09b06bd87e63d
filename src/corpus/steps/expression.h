// Where a field of a record is in a row of a data file: a small language of paths.
//
//   question.problem              a key in a key
//   solutions[0]                  an element of a list, counted from 0; [-1] is the last
//   "Problem text"                a key with other characters than letters, digits, _ and -
//   answer | boxed(solution)      the first that is there and not empty
//   stem + ' ' + options          texts, joined
//   before(answer, '####')        what comes before the text, or all where it is not there
//   after(answer, '####')         what comes after its last occurrence, or nothing
//   boxed(solution)               the last \boxed{} in it
//   without_commas(x)             1,200 as 1200
//   without_marks(x)              without GSM8K's <<48/2=24>>
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace deepscaler {

// The value of an expression in one row: what is there, or null.
using RowExpression = std::function<nlohmann::ordered_json(const nlohmann::ordered_json& row)>;

// Throws Error naming `where` ("pipeline.toml: step.0.problem") and the place at which the text stops being
// an expression. The result is thread-safe; its texts are trimmed.
[[nodiscard]] RowExpression parse_row_expression(std::string_view text, const std::string& where);

// A value as text: numbers as they are written (142.0 as 142), null and lists as nothing.
[[nodiscard]] std::string text_of_value(const nlohmann::ordered_json& value);

}  // namespace deepscaler
