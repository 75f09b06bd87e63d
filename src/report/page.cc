#include "report/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "eval/report.h"
#include "eval/summary.h"
#include "formats/json_text.h"
#include "formats/jsonl.h"
#include "report/assets.h"
#include "report/rollouts.h"
#include "track/run_layout.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr size_t kGroupsShown = 6;         // of a step
constexpr size_t kSamplesShown = 8;        // of a group
constexpr size_t kLongestText = 12 << 10;  // bytes of a response

// metrics.jsonl: every metric as points [step, value]; and the first and last step of every stage.
struct History {
  std::map<std::string, Json> series;
  std::map<int64_t, std::pair<int64_t, int64_t>> steps_of_stage;
};

History read_history(const fs::path& file) {
  History history;
  JsonlReader reader(file, JsonlReader::End::kWholeLine);
  nlohmann::json line;
  try {
    while (reader.next(line)) {
      const int64_t step = line.at("step");
      const bool trained = line.contains("num_tokens");  // else the line is an evaluation's
      for (const auto& [name, value] : line.items()) {
        if (name != "step" && name != "stage") history.series[name].push_back({step, value});
      }
      if (!trained) continue;
      const auto [stage, is_new] = history.steps_of_stage.try_emplace(
          static_cast<int64_t>(line.at("stage").get<double>()), step, step);
      if (!is_new) stage->second.second = step;
    }
  } catch (const nlohmann::json::exception&) {
    throw Error(reader.where(), "is no line of metrics", "name a folder that `deepscaler train` wrote");
  }
  if (history.series.empty())
    throw Error(file.string(), "has no metrics yet", "wait for the run's first step");
  return history;
}

Json stages_json(const History& history, const std::vector<PageStage>& stages) {
  Json list = Json::array();
  for (const auto& [number, steps] : history.steps_of_stage) {
    const bool known = number < std::ssize(stages);
    list.push_back({{"number", number},
                    {"name", known ? stages[number].name : fmt::format("stage {}", number)},
                    {"kind", known ? stages[number].kind : ""},
                    {"first", steps.first},
                    {"last", steps.second}});
  }
  return list;
}

Json interval_json(const Interval& e) { return {e.mean, e.low, e.high}; }

Json optional_json(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json evaluations_json(const RunLayout& run, const History& history, const std::vector<PageStage>& stages) {
  Json list = Json::array();
  Outcomes last;
  for (const auto& [number, path] : run.stage_evaluations()) {
    const EvalReport report = read_report(path);
    const Outcomes outcomes = report.outcomes();
    const auto steps = history.steps_of_stage.find(number - 1);
    const EvalOverview overview = summarize(report);
    Json entry = {{"name", number == 0                    ? "start"
                           : number <= std::ssize(stages) ? stages[static_cast<size_t>(number - 1)].name
                                                          : path.stem().string()},
                  {"step", number == 0 || steps == history.steps_of_stage.end() ? 0 : steps->second.second},
                  {"problems", report.problems.size()},
                  {"samples", report.settings.config.samples},
                  {"pass", interval_json(report.pass_at_1())},
                  {"change", last.size() == outcomes.size() ? interval_json(paired_difference(last, outcomes))
                                                            : Json()},
                  {"tokens", report.mean_length()},
                  {"truncated", report.truncated_share()},
                  {"undecided", report.undecided_share()},
                  {"no_answer", report.no_answer_share()},
                  {"sets", Json::array()}};
    for (const EvalSummary& set : overview.sets) {
      entry["sets"].push_back({{"name", set.set},
                               {"problems", set.problems},
                               {"pass", interval_json(set.pass[0].estimate)},
                               {"right", optional_json(set.mean_length_right)},
                               {"wrong", optional_json(set.mean_length_wrong)}});
    }
    list.push_back(std::move(entry));
    last = outcomes;
  }
  return list;
}

Json sample_json(const RecordedSample& s) {
  std::string text = s.text;
  if (text.size() > kLongestText) {
    size_t end = kLongestText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
      --end;  // not inside a character
    text.resize(end);
  }
  Json parts = Json::array();
  for (const auto& [name, value] : s.reward_parts) parts.push_back({name, optional_json(value)});
  return {{"number", s.number},
          {"text", text},
          {"left_out", s.text.size() - text.size()},
          {"extracted", s.extracted},
          {"reason", s.reason},
          {"finish", s.finish_reason},
          {"reward", optional_json(s.reward)},
          {"parts", parts},
          {"advantage", s.advantage},
          {"tokens", s.tokens}};
}

Json step_json(const RunLayout& run, int64_t step) {
  const std::vector<RecordedGroup> groups = read_rollouts(run.rollouts(step));
  Json list = Json::array();
  for (const RecordedGroup& group : groups) {
    if (list.size() == kGroupsShown) break;
    Json entry = {{"id", group.id},
                  {"problem", group.problem},
                  {"answers", group.answers},
                  {"of", group.samples.size()},
                  {"samples", Json::array()}};
    for (const RecordedSample& sample : group.samples) {
      if (entry["samples"].size() == kSamplesShown) break;
      entry["samples"].push_back(sample_json(sample));
    }
    list.push_back(std::move(entry));
  }
  return {{"step", step}, {"of", groups.size()}, {"groups", list}};
}

// The first, the middle and the last step of every stage that has rollouts.
Json rollouts_json(const RunLayout& run, const History& history) {
  const std::vector<int64_t> steps = run.rollout_steps();
  Json list = Json::array();
  for (const auto& [number, range] : history.steps_of_stage) {
    std::vector<int64_t> of_stage;
    std::ranges::copy_if(steps, std::back_inserter(of_stage),
                         [&](int64_t s) { return range.first <= s && s <= range.second; });
    if (of_stage.empty()) continue;
    for (int64_t step :
         std::set<int64_t>{of_stage.front(), of_stage[(of_stage.size() - 1) / 2], of_stage.back()}) {
      list.push_back(step_json(run, step));
      list.back()["stage"] = number;
    }
  }
  return list;
}

// Replaces the first `mark` of the page.
void put(std::string& page, std::string_view mark, std::string_view text) {
  const size_t place = page.find(mark);
  DEEPSCALER_CHECK(place != std::string::npos, "the page has no {}", mark);
  page.replace(place, mark.size(), text);
}

// JSON that can stand in a script element: no "<" is left that could end it.
std::string script_json(const Json& json) {
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string safe;
  for (char c : text) {
    if (c == '<')
      safe += "\\u003c";
    else
      safe += c;
  }
  return safe;
}

}  // namespace

bool is_run_page(const fs::path& path) {
  const std::string_view page = page_html();
  std::string beginning(page.find("<style>"), '\0');
  std::ifstream file(path, std::ios::binary);
  return file.read(beginning.data(), std::ssize(beginning)) && page.starts_with(beginning);
}

std::string run_page(const fs::path& folder, const std::vector<PageStage>& stages) {
  const RunLayout run{folder};
  const History history = read_history(run.metrics());
  const fs::path manifest = run.manifest();
  const Json data = {{"name", fs::absolute(folder).lexically_normal().filename().string()},
                     {"manifest", fs::exists(manifest) ? Json(read_json_file(manifest)) : Json()},
                     {"recipe", read_file(run.config())},
                     {"stages", stages_json(history, stages)},
                     {"series", history.series},
                     {"evaluations", evaluations_json(run, history, stages)},
                     {"rollouts", rollouts_json(run, history)}};
  std::string page(page_html());
  // The data last: what a model wrote can't be taken for a mark.
  put(page, "/*style*/", page_css());
  put(page, "/*script*/", page_script());
  put(page, "/*data*/", script_json(data));
  return page;
}

}  // namespace deepscaler
