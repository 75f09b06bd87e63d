#include "data/problem_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "data/dataset.h"
#include "data/generators.h"
#include "data/grading.h"
#include "data/overlap.h"

namespace deepscaler {

void bind(ConfigSection& s, DataConfig& c) {
  s.field("files", c.files, "problem files, JSON or JSONL");
  s.field("kinds", c.kinds, "kinds of generated problems, see `deepscaler problems --help`");
  s.field("count", c.count, "number of generated problems over all kinds").range(0, 1 << 30);
  s.field("seed", c.seed, "seed of the generated problems");
  s.field("from", c.from, "\"stage NAME\": what that earlier stage has written, beside files and kinds");
  s.field("held_out", c.held_out, "generate from the held-out problems, which are in no training set");
}

namespace {

void require_readable_answers(const std::vector<Problem>& problems) {
  constexpr size_t kListed = 20;
  std::vector<const Problem*> unreadable;
  for (const Problem& problem : problems) {
    if (!is_gradable(problem)) unreadable.push_back(&problem);
  }
  if (unreadable.empty()) return;
  const Problem& first = *unreadable.front();
  std::string ids;
  for (size_t i = 0; i < std::min(unreadable.size(), kListed); ++i) {
    ids += (i > 0 ? ", " : "") + unreadable[i]->id;
  }
  throw Error(first.where,
              fmt::format("the verifier can't read its answer '{}' ({} such problems in all: {}{})",
                          first.answers.empty() ? "" : first.answers.front(), unreadable.size(), ids,
                          unreadable.size() > kListed ? ", ..." : ""),
              "correct or remove them; a sample can't be graded against them");
}

void warn_of_unreadable_answers(const std::vector<Problem>& problems) {
  for (const Problem& p : problems) {
    if (is_gradable(p)) continue;
    log_warning("{}: the verifier can't read its answer '{}', so it stays undecided", p.where, p.answers[0]);
  }
}

std::vector<Problem> read_files(const std::vector<std::string>& files, std::string_view section,
                                UnreadableAnswers unreadable) {
  const std::vector<std::filesystem::path> paths(files.begin(), files.end());
  const bool unused = unreadable == UnreadableAnswers::kUnused;
  Dataset dataset = read_dataset(paths, unused ? Answers::kOptional : Answers::kRequired);
  if (dataset.without_answer > 0) {
    log_warning("{}: {} of {} problems have no answer and are left out", section, dataset.without_answer,
                dataset.without_answer + std::ssize(dataset.problems));
  }
  if (dataset.renamed > 0) {
    log_warning(
        "{}: {} of {} problems have an id that came before, or the same text without one; -2 and so on "
        "is appended",
        section, dataset.renamed, dataset.problems.size());
  }
  return std::move(dataset.problems);
}

}  // namespace

std::vector<Problem> load_problems(const DataConfig& config, std::string_view section,
                                   UnreadableAnswers unreadable) {
  std::vector<Problem> problems;
  if (!config.files.empty()) problems = read_files(config.files, section, unreadable);
  if (!config.kinds.empty()) {
    auto generated = generate_problems({.kinds = config.kinds,
                                        .split = config.held_out ? Split::kTest : Split::kTrain,
                                        .seed = static_cast<uint64_t>(config.seed),
                                        .count = config.count});
    std::ranges::move(generated, std::back_inserter(problems));
  }
  if (unreadable == UnreadableAnswers::kRefuse) require_readable_answers(problems);
  if (unreadable == UnreadableAnswers::kKeep) warn_of_unreadable_answers(problems);
  return problems;
}

void warn_of_copies(std::span<const Problem> problems, std::string_view section) {
  const int64_t copies = count_copies(problems);
  if (copies == 0) return;
  log_warning("{}: {} of {} problems are copies of others, so intervals are narrower than they should be",
              section, copies, problems.size());
}

std::string problem_line(const Problem& problem) {
  nlohmann::json line = {problem.id, problem.problem, problem.answers};
  if (problem.grader != Grader::kAnswer) line.push_back(grader_name(problem.grader));
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string hash_problems(std::span<const Problem> problems) {
  Sha256 hash;
  for (const Problem& problem : problems) hash.add(problem_line(problem) + "\n");
  return hash.hex();
}

}  // namespace deepscaler
