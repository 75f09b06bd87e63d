// A problem with a reference answer: what is asked, what counts as right, and where it comes from.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace deepscaler {

struct Problem {
  // Names the problem in logs and in streams of random numbers; unique within a data set, and the
  // same wherever the problem stands in it.
  std::string id;
  std::string problem;               // the question, as the user would ask it
  std::vector<std::string> answers;  // reference answers; any one of them counts
  std::string solution;              // a worked solution; empty where there is none
  std::string source;                // the kind or data set that it belongs to; may be empty
  std::optional<double> difficulty;  // in the data set's own unit
};

}  // namespace deepscaler
