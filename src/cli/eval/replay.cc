#include "cli/eval/replay.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/progress.h"
#include "cli/output_path.h"
#include "data/problem_set.h"
#include "eval/grader_comparison.h"
#include "formats/jsonl.h"
#include "verify/version.h"

namespace deepscaler {
namespace {

std::vector<ReplayedProblem> read(const ReplayOptions& options, const std::vector<std::string>& data) {
  std::vector<Problem> problems;
  if (!data.empty()) problems = load_problems({.files = data}, "--data", UnreadableAnswers::kKeep);
  return read_replay(options.samples, problems);
}

void write_verdicts(const std::string& output, const std::vector<ReplayedProblem>& problems,
                    const GraderComparison& comparison) {
  JsonlWriter writer(output, JsonlWriter::Start::kEmpty);
  for (size_t p = 0; p < problems.size(); ++p) {
    for (size_t r = 0; r < problems[p].responses.size(); ++r) {
      nlohmann::ordered_json line = {{"id", problems[p].problem.id}, {"sample", r}};
      for (size_t g = 0; g < comparison.graders.size(); ++g) {
        const GraderVerdict& verdict = comparison.verdicts[p][r][g];
        line["graders"][comparison.graders[g]->name] = {
            {"correct",
             verdict.undecided ? nlohmann::ordered_json() : nlohmann::ordered_json(verdict.correct)},
            {"extracted", verdict.extracted}};
      }
      line["answer"] = problems[p].problem.answers;
      line["text"] = problems[p].responses[r];
      writer.write(line);
    }
  }
}

}  // namespace

CLI::Option* add_replay_flags(CLI::App& command, ReplayOptions& options) {
  auto* replay =
      command.add_option("--replay", options.samples,
                         "instead: grade samples that were made before, by this program or by others");
  std::string description = "the graders of --replay, compared with the first:";
  for (const NamedGrader& grader : named_graders()) {
    description += fmt::format(" {} ({})", grader.name, grader.description);
  }
  command.add_option("--graders", options.graders, description)
      ->delimiter(',')
      ->needs(replay)
      ->capture_default_str();
  return replay;
}

void replay(const ReplayOptions& options, const std::vector<std::string>& data, const std::string& output) {
  const auto graders = find_graders(options.graders);
  if (!output.empty()) {
    Inputs inputs = data;
    inputs.push_back(options.samples);
    require_new_file(output, inputs);
  }
  const std::vector<ReplayedProblem> problems = read(options, data);
  int64_t samples = 0;
  for (const ReplayedProblem& problem : problems) samples += std::ssize(problem.responses);
  GraderComparison comparison;
  {
    Progress progress("grading", "problems", std::ssize(problems));
    comparison = compare_graders(problems, graders, [&](int64_t done) { progress.update(done); });
  }
  if (!output.empty()) write_verdicts(output, problems, comparison);
  fmt::print("{}{} samples of {} problems; the answer checker is {}\n", grader_table(comparison), samples,
             problems.size(), verifier_version());
  if (!output.empty()) fmt::print("the verdicts are in {}\n", output);
}

}  // namespace deepscaler
