// What a language model is asked about a record, and how its reply is read. The texts are ours; their cases
// are those of DeepScaleR's notebooks (rllm/system_prompts.py): an answer out of a solution, whether a
// problem asks for a proof, a problem without its options, a difficulty from 1 to 10.
//
// A reply that is not of the form asked for says nothing: it is never taken for a yes, a no or an answer.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace deepscaler {

// The final answer of a worked solution.
[[nodiscard]] nlohmann::ordered_json answer_question(std::string_view problem, std::string_view solution);
// The answer in a reply; nothing where the solution has none, and where a reply is no single answer.
[[nodiscard]] std::optional<std::string> answer_in_reply(std::string_view reply);

// What a problem asks for.
enum class Asked { kAnswer, kProof, kNoMaths };
[[nodiscard]] nlohmann::ordered_json proof_question(std::string_view problem);
[[nodiscard]] std::optional<Asked> asked_in_reply(std::string_view reply);

// A problem of multiple choice as one without options, and the options' values.
struct OpenProblem {
  std::string problem;
  std::map<char, std::string> values;  // by letter
};
[[nodiscard]] nlohmann::ordered_json open_problem_question(std::string_view problem);
[[nodiscard]] std::optional<OpenProblem> open_problem_in_reply(std::string_view reply);

// How difficult a problem is, from 1 to 10.
[[nodiscard]] nlohmann::ordered_json difficulty_question(std::string_view problem, std::string_view solution);
[[nodiscard]] std::optional<double> difficulty_in_reply(std::string_view reply);

// A hash of all these texts: what a step depends on beside its settings.
[[nodiscard]] std::string questions_version();

}  // namespace deepscaler
