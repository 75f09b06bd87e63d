// Equal questions: how many problems of an evaluation are copies of each other, or are trained on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

#include "data/problem.h"

namespace deepscaler {

// A set of questions, compared by their texts without regard to the case of ASCII letters and the kind of
// white space.
class QuestionSet {
 public:
  // Adds the question. Returns whether it was new.
  bool add(std::string_view question);
  [[nodiscard]] bool contains(std::string_view question) const;

  // Adds the questions in the records of a file, problems or demonstrations (data/demonstration.h): the
  // problem, the prompt, and what the user says. Throws Error for what is not JSON.
  void add_file(const std::filesystem::path& path);

 private:
  std::unordered_set<std::string> questions_;
};

// Problems whose question an earlier one has asked.
[[nodiscard]] int64_t count_copies(std::span<const Problem> problems);

}  // namespace deepscaler
