// `deepscaler problems`: generated problems as JSONL.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/output_path.h"
#include "data/generators.h"
#include "data/grading.h"

namespace deepscaler {
namespace {

struct Options {
  GeneratorRequest request;
  std::string split = "train";
  std::string output;
};

std::string to_jsonl(const std::vector<Problem>& problems) {
  std::string text;
  for (const auto& problem : problems) {
    nlohmann::ordered_json line = {{"id", problem.id},
                                   {"kind", problem.source},
                                   {"problem", problem.problem},
                                   {"solution", problem.solution},
                                   {"answer", problem.answers[0]}};
    if (problem.grader != Grader::kAnswer) line["grader"] = grader_name(problem.grader);
    text += line.dump() + "\n";
  }
  return text;
}

void run(const Options& options) {
  GeneratorRequest request = options.request;
  request.split = options.split == "test" ? Split::kTest : Split::kTrain;
  if (!options.output.empty()) require_new_file(options.output, {});
  const std::string text = to_jsonl(generate_problems(request));
  if (options.output.empty())
    std::fwrite(text.data(), 1, text.size(), stdout);
  else
    write_file_atomically(options.output, text);
}

}  // namespace

void add_problems_command(CLI::App& app) {
  auto* command =
      app.add_subcommand("problems", "Generate arithmetic problems with worked solutions, as JSON lines");
  auto options = std::make_shared<Options>();
  command->add_option("--kind", options->request.kinds, describe_generators())->delimiter(',')->required();
  command->add_option("--split", options->split, "train or test; no problem is in both")
      ->check(CLI::IsMember({"train", "test"}))
      ->capture_default_str();
  command->add_option("--seed", options->request.seed, "which problems, and in what order")
      ->check(is_seed())
      ->capture_default_str();
  command->add_option("--count", options->request.count, "how many problems over all kinds")
      ->check(whole_number(1, 1 << 30))
      ->capture_default_str();
  command->add_option("--output", options->output, "the file to write (default: standard output)");
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
