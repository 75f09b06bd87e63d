#include "eval/report.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "eval/summary.h"
#include "formats/json_text.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

template <class Value>
double mean_over_samples(const EvalReport& report, const Value& value) {
  double sum = 0, count = 0;
  for (const EvalProblem& problem : report.problems) {
    for (const EvalSample& sample : problem.samples) {
      sum += static_cast<double>(value(sample));
      count += 1;
    }
  }
  return count > 0 ? sum / count : 0;
}

Json sample_json(const EvalSample& s) {
  return {{"correct", s.correct}, {"undecided", s.undecided}, {"truncated", s.truncated},
          {"tokens", s.tokens},   {"extracted", s.extracted}, {"reason", s.reason},
          {"text", s.text}};
}

EvalSample parse_sample(const nlohmann::json& json) {
  return {.text = json.at("text"),
          .extracted = json.at("extracted"),
          .reason = json.at("reason"),
          .correct = json.at("correct"),
          .undecided = json.at("undecided"),
          .truncated = json.at("truncated"),
          .tokens = json.at("tokens")};
}

Json problem_json(const EvalProblem& problem) {
  Json json = {{"id", problem.id},           {"set", problem.set},       {"problem", problem.problem},
               {"answers", problem.answers}, {"prompt", problem.prompt}, {"samples", Json::array()}};
  for (const EvalSample& sample : problem.samples) json["samples"].push_back(sample_json(sample));
  return json;
}

EvalProblem parse_problem(const nlohmann::json& json) {
  EvalProblem problem = {.id = json.at("id"),
                         .set = json.at("set"),
                         .problem = json.at("problem"),
                         .answers = json.at("answers"),
                         .prompt = json.at("prompt")};
  for (const auto& sample : json.at("samples")) problem.samples.push_back(parse_sample(sample));
  return problem;
}

}  // namespace

Outcomes EvalReport::outcomes() const {
  Outcomes rows;
  for (const EvalProblem& problem : problems) {
    std::vector<bool>& row = rows.emplace_back();
    for (const EvalSample& sample : problem.samples) {
      if (!sample.undecided) row.push_back(sample.correct);
    }
  }
  return rows;
}

Interval EvalReport::pass_at_1() const { return mean_interval(outcomes()); }

double EvalReport::mean_length() const {
  return mean_over_samples(*this, [](const EvalSample& s) { return s.tokens; });
}
double EvalReport::truncated_share() const {
  return mean_over_samples(*this, [](const EvalSample& s) { return s.truncated; });
}
double EvalReport::undecided_share() const {
  return mean_over_samples(*this, [](const EvalSample& s) { return s.undecided; });
}
double EvalReport::no_answer_share() const {
  return mean_over_samples(*this, [](const EvalSample& s) { return s.extracted.empty(); });
}

void write_report(const std::filesystem::path& path, const EvalReport& report) {
  Json json = {{"program", report.program},
               {"verifier", report.verifier},
               {"settings", settings_json(report.settings)},
               {"summary", summary_json(summarize(report))},
               {"problems", Json::array()}};
  for (const EvalProblem& problem : report.problems) json["problems"].push_back(problem_json(problem));
  write_file_atomically(path, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

bool is_report(const std::filesystem::path& path) {
  constexpr std::string_view kBeginning = "{\n \"program\":";
  std::string bytes(kBeginning.size(), '\0');
  std::ifstream file(path, std::ios::binary);
  return file.read(bytes.data(), std::ssize(bytes)) && bytes == kBeginning;
}

EvalReport read_report(const std::filesystem::path& path) {
  const nlohmann::json json = read_json_file(path);
  EvalReport report;
  try {
    report.program = json.at("program");
    report.verifier = json.at("verifier");
    report.settings = parse_settings(json.at("settings"), path.string());
    for (const auto& problem : json.at("problems")) report.problems.push_back(parse_problem(problem));
  } catch (const Json::exception&) {
    throw Error(path.string(), "is no report of an evaluation",
                "name a JSON file that `deepscaler eval` wrote");
  }
  return report;
}

}  // namespace deepscaler
