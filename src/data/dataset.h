// Sets of problems in files, in the forms in which they are published:
//
//   JSON array   [{"problem", "answer", "solution"?, "difficulty"?}, ...]      DeepScaleR
//   JSONL        {"question", "answer": "steps ... #### 18"}                   GSM8K
//   JSONL        {"problem", "answer", "id"?, "solution"?, "kind"?, ...}       ours, and everybody's
//
// A key "pass_rate" says which share of a model's answers were right. A key "grader" names another way of
// grading than equality with the answer (data/problem.h). An answer is a string, a number, or a list of
// these; any of the list counts. GSM8K's solutions get their answer in a \boxed{} as a last line, which is
// where answers are looked for. Other keys are kept for reward programs (rl/reward/reward_command.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "data/problem.h"

namespace deepscaler {

struct Dataset {
  std::vector<Problem> problems;  // in file order
  int64_t without_answer = 0;     // left out because their answer is null or empty
  int64_t renamed = 0;            // problems whose id was taken by an earlier one
};

// Whether problems need an answer: they do where responses are graded by it.
enum class Answers { kRequired, kOptional };

// Reads the files one after the other. A problem's source is its "kind", else the file's name (with its
// folder where two files have the same name). A problem without an id gets a hash of its text. Where an id
// comes again, "-2" and so on is appended. Throws Error naming file and line (or element, or byte) for text
// that is not JSON, a missing or mistyped key, a file that is named twice, and a data set without any usable
// problem.
[[nodiscard]] Dataset read_dataset(std::span<const std::filesystem::path> files,
                                   Answers answers = Answers::kRequired);

// The problem in one record of a file; its answers may be none. `where` ("train.jsonl:3") is for errors.
[[nodiscard]] Problem read_problem(const nlohmann::ordered_json& record, const std::string& where,
                                   const std::string& source, Answers answers = Answers::kRequired);

}  // namespace deepscaler
