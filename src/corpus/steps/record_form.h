// Where published data sets keep their problems, answers and solutions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace deepscaler {

// Expressions (expression.h); an empty one gives nothing.
struct RecordForm {
  std::string_view name;
  std::string_view description;  // the data set, for the manual
  std::string_view problem, answer, solution, id, difficulty;
};

[[nodiscard]] std::span<const RecordForm> record_forms();
[[nodiscard]] std::vector<std::string> record_form_names();
[[nodiscard]] const RecordForm& record_form(std::string_view name);  // CHECKs that there is one

}  // namespace deepscaler
