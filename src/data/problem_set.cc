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
#include "formats/excerpt.h"

namespace deepscaler {

void bind(ConfigSection& s, DataConfig& c) {
  s.field("files", c.files, "problem files, JSON or JSONL");
  s.field("kinds", c.kinds, "kinds of generated problems, see `deepscaler problems --help`");
  s.field("count", c.count, "number of generated problems over all kinds").range(0, 1 << 30);
  s.require(c.kinds.empty() || c.count > 0, "count", "is 0, and kinds asks for generated problems",
            "set it to their number");
  s.field("seed", c.seed, "seed of the generated problems");
  s.field("from", c.from, "\"stage NAME\": what that earlier stage has written, beside files and kinds");
  s.field("held_out", c.held_out, "generate from the held-out problems, which are in no training set");
  s.field("pass_rate", c.pass_rate,
          "[lowest, highest] \"pass_rate\" of a problem's record; others, and problems without one, are left "
          "out; empty keeps all");
  const auto& rate = c.pass_rate;
  s.require(rate.empty() || (rate.size() == 2 && 0 <= rate[0] && rate[0] <= rate[1] && rate[1] <= 1),
            "pass_rate", "is not two numbers from 0 to 1, the lower one first", "write it as [0.1, 0.9]");
  s.field("min_prompt_tokens", c.min_prompt_tokens, "problems with shorter prompts are left out, in tokens")
      .at_least(0);
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
    log_warning(
        "{}: the verifier can't read its answer '{}': responses with an answer are undecided, others have "
        "none",
        p.where, excerpt(p.answers[0]));
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

// What is left out and why is always said.
void choose_by_pass_rate(std::vector<Problem>& problems, const DataConfig& config, std::string_view section) {
  if (config.pass_rate.empty()) return;
  const double low = config.pass_rate[0], high = config.pass_rate[1];
  const size_t all = problems.size();
  const auto unknown = std::erase_if(problems, [](const Problem& p) { return !p.pass_rate; });
  const auto outside =
      std::erase_if(problems, [&](const Problem& p) { return *p.pass_rate < low || *p.pass_rate > high; });
  if (problems.empty()) {
    throw Error(fmt::format("{}.pass_rate", section),
                fmt::format("of {} problems {} have no \"pass_rate\" and {} have one outside of [{}, {}]",
                            all, unknown, outside, low, high),
                unknown == all ? "write one into each record" : "widen it");
  }
  if (unknown + outside == 0) return;
  log_info("{}: {} of {} problems are left out: {} have a pass rate outside of [{}, {}], {} have none",
           section, unknown + outside, all, outside, low, high, unknown);
}

}  // namespace

std::vector<Problem> load_problems(const DataConfig& config, std::string_view section,
                                   UnreadableAnswers unreadable) {
  if (config.kinds.empty() && config.count > 0) {
    log_warning("{}.count is {}, but kinds names none, so no problems are generated", section, config.count);
  }
  std::vector<Problem> problems;
  if (!config.files.empty()) problems = read_files(config.files, section, unreadable);
  if (!config.kinds.empty()) {
    auto generated = generate_problems({.kinds = config.kinds,
                                        .split = config.held_out ? Split::kTest : Split::kTrain,
                                        .seed = static_cast<uint64_t>(config.seed),
                                        .count = config.count});
    std::ranges::move(generated, std::back_inserter(problems));
  }
  choose_by_pass_rate(problems, config, section);
  if (unreadable == UnreadableAnswers::kRefuse) require_readable_answers(problems);
  if (unreadable == UnreadableAnswers::kKeep) warn_of_unreadable_answers(problems);
  return problems;
}

void leave_out_short(std::vector<Problem>& problems, const PromptEncoder& encoder, const DataConfig& config,
                     std::string_view section) {
  if (config.min_prompt_tokens == 0) return;
  const size_t all = problems.size();
  const auto left_out = std::erase_if(problems, [&](const Problem& problem) {
    return std::ssize(encoder.encode(problem).tokens) < config.min_prompt_tokens;
  });
  if (problems.empty()) {
    throw Error(fmt::format("{}.min_prompt_tokens", section),
                fmt::format("none of {} problems has a prompt of {} tokens", all, config.min_prompt_tokens),
                "lower it");
  }
  if (left_out > 0) {
    log_info("{}: {} of {} problems have prompts of less than {} tokens: left out", section, left_out, all,
             config.min_prompt_tokens);
  }
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
