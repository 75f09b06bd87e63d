// deepscaler verify: grade a file of responses, explain one pair, or answer line by line.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "capi/verdict_fields.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/output_path.h"
#include "cli/verify/verify_line.h"
#include "cli/verify/verify_serve.h"
#include "formats/json_text.h"
#include "verify/grade.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

struct VerifyOptions {
  std::string input;
  std::string output;
  std::string extract = "boxed";
  int threads = 0;
  bool thinking = false;
  bool serve = false;
  std::vector<std::string> explain;
  std::string problem;  // of the pair to explain
  GradeOptions grade;
};

struct Line {
  Json fields;
  VerifyInput input;
  Verdict verdict;
};

std::vector<Line> read_lines(const std::string& path) {
  const std::string bytes = read_file(path);
  std::vector<Line> lines;
  int number = 0;
  for (size_t begin = 0; begin < bytes.size(); ++number) {
    const size_t end = std::min(bytes.find('\n', begin), bytes.size());
    const std::string_view text(bytes.data() + begin, end - begin);
    begin = end + 1;
    if (text.find_first_not_of(" \t\r") == text.npos) continue;
    const std::string where = path + ":" + std::to_string(number + 1);
    Line line{.fields = parse_verify_line(text, where)};
    line.input = verify_input_of(line.fields, where);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string to_jsonl(std::vector<Line>& lines) {
  std::string result;
  for (Line& line : lines) {
    add_verdict(line.fields, line.verdict);
    result += json_line(line.fields) + "\n";
  }
  return result;
}

void print_summary(const std::vector<Line>& lines) {
  int correct = 0, wrong = 0, missing = 0;
  std::map<Reason, int> reasons;
  for (const Line& line : lines) {
    ++reasons[line.verdict.reason];
    correct += line.verdict.correct ? 1 : 0;
    missing += line.input.references.empty() ? 1 : 0;
  }
  wrong = reasons[Reason::different] + reasons[Reason::unparsable_answer] + reasons[Reason::copied] +
          reasons[Reason::out_of_reach];
  std::printf("%-22s %8zu\n%-22s %8d\n%-22s %8d\n", "responses", lines.size(), "correct", correct, "wrong",
              wrong);
  if (reasons[Reason::copied] > 0) std::printf("%-22s %8d\n", "  of them copied", reasons[Reason::copied]);
  std::printf("%-22s %8d\n", "no answer", reasons[Reason::no_answer] + reasons[Reason::empty_answer]);
  std::printf("%-22s %8d\n", "truncated", reasons[Reason::truncated]);
  std::printf("%-22s %8d\n", "unparsable reference", reasons[Reason::unparsable_reference]);
  if (missing > 0) std::printf("%-22s %8d\n", "  of them missing", missing);
  std::printf("%-22s %8d\n", "undecided", reasons[Reason::unproven] + reasons[Reason::work_limit]);
}

void explain_pair(const VerifyOptions& options) {
  GradeOptions grade = options.grade;
  grade.problem = options.problem;
  const Explanation explanation = explain(options.explain[0], options.explain[1], grade);
  const Verdict& verdict = explanation.verdict;
  std::printf("reference  %s\nread as    %s\n", explanation.reference.c_str(),
              explanation.reference_reading.c_str());
  std::printf("extracted  %s\nread as    %s\n", verdict.extracted.c_str(),
              explanation.answer_reading.c_str());
  std::printf("verdict    %s\nreason     %s\nsteps      %lld\n",
              verdict.correct     ? "correct"
              : verdict.undecided ? "undecided"
                                  : "wrong",
              std::string(reason_name(verdict.reason)).c_str(), static_cast<long long>(verdict.steps));
}

void run_verify(VerifyOptions options) {
  options.grade.extract = options.extract == "any" ? ExtractMode::any : ExtractMode::boxed;
  options.grade.prompt_opened_thinking = options.thinking;
  if (!options.explain.empty()) return explain_pair(options);
  if (options.serve) return serve_verdicts(STDIN_FILENO, STDOUT_FILENO, options.grade);
  if (options.input.empty() || options.output.empty()) {
    throw Error("verify", "nothing to do", "give --input and --output, --serve or --explain");
  }
  require_new_file(options.output, {options.input});
  std::vector<Line> lines = read_lines(options.input);
  set_thread_count(options.threads);
  parallel_for(static_cast<int64_t>(lines.size()), [&](int64_t i) {
    Line& line = lines[static_cast<size_t>(i)];
    line.verdict = grade_input(line.input, options.grade);
  });
  write_file_atomically(options.output, to_jsonl(lines));
  print_summary(lines);
}

}  // namespace

void add_verify_command(CLI::App& app) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* command = app.add_subcommand("verify", "Grade responses against reference answers");
  auto* input = command->add_option("--input", options->input,
                                    R"(JSON lines {"answer": ..., "response": ...}, perhaps with "problem")");
  auto* output = command->add_option("--output", options->output,
                                     "The same lines with correct, undecided, extracted, reason");
  command->add_option("--extract", options->extract, "Where the answer is looked for")
      ->check(CLI::IsMember({"boxed", "any"}))
      ->capture_default_str();
  auto* threads =
      command->add_option("--threads", options->threads, "0 is one per core")->check(not_negative());
  command->add_flag("--prompt-opened-thinking", options->thinking,
                    "The prompts ended in <think>: responses without </think> are truncated");
  command->add_flag("!--no-numeric-agreement", options->grade.policy.accept_numeric_agreement,
                    "Leave undecided what is equal at all points tried but not proven");
  command->add_flag("--ordered-lists", options->grade.policy.lists_are_ordered,
                    "Lists without brackets are ordered");
  command->add_flag("--rounded-references", options->grade.policy.references_may_be_rounded,
                    "A decimal reference takes what rounds to it at its own last place");
  command->add_flag("--inequalities-for-pairs", options->grade.policy.inequalities_may_be_pairs,
                    "0 < x < 2 answers (0, 2)");
  command->add_flag("--any-letters", options->grade.policy.letters_may_differ,
                    "Letters that only one side has may differ: bx for cx");
  command->add_option("--decimal-places", options->grade.policy.decimal_places, "Where decimals are rounded")
      ->check(CLI::Range(1, 15))
      ->capture_default_str();
  auto* explained =
      command->add_option("--explain", options->explain, "A reference and a response: say how they were read")
          ->expected(2);
  command
      ->add_flag("--serve", options->serve,
                 "Answer each line of standard input on standard output, in order, as it comes")
      ->excludes(input)
      ->excludes(output)
      ->excludes(explained)
      ->excludes(threads);
  command->add_option("--problem", options->problem,
                      "The problem of the pair to explain: no copy of it is right");
  command->callback([options] { run_verify(*options); });
}

}  // namespace deepscaler
