// Questions that are the same: how many problems of an evaluation are copies of each other, or are trained
// on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

#include "data/problem.h"

namespace deepscaler {

// Questions by their texts; upper and lower case of ASCII letters and the kind of white space don't count.
class QuestionSet {
 public:
  // Whether it was not there before.
  bool add(std::string_view question);
  [[nodiscard]] bool contains(std::string_view question) const;

  // The questions that the records of a file ask, problems or demonstrations (data/demonstration.h): its
  // problem, its prompt, what the user says in it. Throws Error for what is not JSON.
  void add_file(const std::filesystem::path& path);

 private:
  std::unordered_set<std::string> questions_;
};

// Problems whose question an earlier one has asked.
[[nodiscard]] int64_t count_copies(std::span<const Problem> problems);

}  // namespace deepscaler
