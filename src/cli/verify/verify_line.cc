#include "cli/verify/verify_line.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "formats/json_text.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> references_of(const Json& answer, const std::string& where) {
  if (answer.is_null()) return {};
  if (answer.is_string()) return {answer.get<std::string>()};
  if (answer.is_number()) return {answer.dump()};
  if (!answer.is_array()) {
    throw Error(where, "\"answer\" is no text, number or list", "write it as a string");
  }
  std::vector<std::string> references;
  for (const Json& item : answer) {
    for (std::string& reference : references_of(item, where)) references.push_back(std::move(reference));
  }
  return references;
}

std::string problem_of(const Json& fields, const std::string& where) {
  const auto problem = fields.find("problem");
  if (problem == fields.end() || problem->is_null()) return {};
  if (!problem->is_string()) {
    throw Error(where, "\"problem\" is no text", "write the problem as a string, or leave the field out");
  }
  return problem->get<std::string>();
}

}  // namespace

Json parse_verify_line(std::string_view text, const std::string& where) {
  Json fields = parse_record(text, where);
  if (!fields.is_object()) {
    throw Error(where, "not a JSON object", R"(write one {"answer": ..., "response": ...} a line)");
  }
  return fields;
}

VerifyInput verify_input_of(const Json& fields, const std::string& where) {
  const auto answer = fields.find("answer"), response = fields.find("response");
  if (answer == fields.end() || response == fields.end()) {
    throw Error(where, "no \"answer\" or no \"response\"", "give both in every line");
  }
  if (!response->is_string()) throw Error(where, "\"response\" is no text", "write it as a string");
  return {references_of(*answer, where), response->get<std::string>(), problem_of(fields, where)};
}

Verdict grade_input(const VerifyInput& input, const GradeOptions& options) {
  GradeOptions grading = options;
  grading.problem = input.problem;
  return grade(input.references, input.response, grading);
}

}  // namespace deepscaler
