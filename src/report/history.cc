#include "report/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "eval/report.h"
#include "formats/jsonl.h"
#include "track/metrics_log.h"
#include "track/run_layout.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// Adds a line of metrics.jsonl: a step's, which has num_tokens, or an evaluation's.
void add_line(const nlohmann::json& line, const std::vector<StageTitle>& titles, RunHistory& history) {
  const int64_t step = line.at("step");
  for (const auto& [name, value] : line.items()) {
    if (name == "step" || name == "stage" || name == kWeightsKey) continue;
    history.series[name].push_back(
        {step, value.is_null() ? std::nullopt : std::optional(value.get<double>())});
  }
  if (!line.contains("num_tokens")) return;
  const auto number = static_cast<int64_t>(line.at("stage").get<double>());
  if (history.stages.empty() || history.stages.back().number != number) {
    const bool known = number >= 0 && number < std::ssize(titles);
    history.stages.push_back(
        {number, known ? titles[number] : StageTitle{fmt::format("stage {}", number), ""}, step, step});
  }
  history.stages.back().last = step;
}

void read_metrics(const fs::path& file, const std::vector<StageTitle>& titles, RunHistory& history) {
  JsonlReader reader(file, JsonlReader::End::kWholeLine);
  nlohmann::json line;
  try {
    while (reader.next(line)) add_line(line, titles, history);
  } catch (const nlohmann::json::exception&) {
    throw Error(reader.where(), "is no line of metrics", "name a folder that `deepscaler train` wrote");
  }
  if (history.series.empty())
    throw Error(file.string(), "has no metrics yet", "wait for the run's first step");
}

std::string title_of(int64_t stages_done, const fs::path& file, const std::vector<StageTitle>& titles) {
  if (stages_done == 0) return "start";
  if (stages_done <= std::ssize(titles)) return titles[stages_done - 1].name;
  return file.stem().string();
}

void read_evaluations(const RunLayout& run, const std::vector<StageTitle>& titles, RunHistory& history) {
  Outcomes last;
  for (const auto& [stages_done, file] : run.stage_evaluations()) {
    const EvalReport report = read_report(file);
    const Outcomes outcomes = report.outcomes();
    const auto stage = std::ranges::find(history.stages, stages_done - 1, &TrainedStage::number);
    history.evaluations.push_back({.stages_done = stages_done,
                                   .title = title_of(stages_done, file, titles),
                                   .step = stage == history.stages.end() ? 0 : stage->last,
                                   .problems = std::ssize(report.problems),
                                   .samples = report.settings.config.samples,
                                   .pass_at_1 = report.pass_at_1(),
                                   .change = last.size() == outcomes.size()
                                                 ? std::optional(paired_difference(last, outcomes))
                                                 : std::nullopt,
                                   .mean_length = report.mean_length(),
                                   .truncated_share = report.truncated_share(),
                                   .undecided_share = report.undecided_share(),
                                   .no_answer_share = report.no_answer_share(),
                                   .sets = summarize(report).sets});
    last = outcomes;
  }
}

}  // namespace

RunHistory read_history(const fs::path& folder, const std::vector<StageTitle>& titles) {
  RunHistory history;
  history.name = fs::absolute(folder).lexically_normal().filename().string();
  const RunLayout run{folder};
  read_metrics(run.metrics(), titles, history);
  read_evaluations(run, titles, history);
  return history;
}

}  // namespace deepscaler
