// A problem with a reference answer: what is asked, what counts as right, and where it comes from.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace deepscaler {

// What decides whether a response is right.
enum class Grader {
  kAnswer,     // equality with one of the answers (verify/grade.h)
  kCountdown,  // the answer is a task, which the response carries out (verify/countdown.h)
};

struct Problem {
  // Names the problem in logs and in streams of random numbers; unique within a data set, and the
  // same wherever the problem stands in it.
  std::string id;
  std::string problem;               // the question, as the user would ask it
  std::vector<std::string> answers;  // reference answers; any one of them counts
  std::string solution;              // a worked solution; empty where there is none
  std::string source;  // the kind or data set that it belongs to; may be empty; never decides anything
  std::optional<double> difficulty;  // in the data set's own unit
  std::optional<double> pass_rate;   // share of a model's answers that were right
  Grader grader = Grader::kAnswer;
  std::string where;  // its place, for messages: "train.jsonl:3"; a generated one's is its id
  std::string
      record;  // the keys of its record that are not above, as a JSON object; empty where there are none
};

}  // namespace deepscaler
