#include "report/page.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "formats/json_text.h"
#include "report/assets.h"
#include "report/history.h"
#include "report/rollouts.h"
#include "track/run_layout.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr size_t kGroupsShown = 6;         // of a step
constexpr size_t kSamplesShown = 8;        // of a group
constexpr size_t kLongestText = 12 << 10;  // bytes of a response

Json optional_json(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json interval_json(const Interval& e) { return {e.mean, e.low, e.high}; }

Json series_json(const RunHistory& history) {
  Json all = Json::object();
  for (const auto& [name, points] : history.series) {
    for (const MetricPoint& point : points) all[name].push_back({point.step, optional_json(point.value)});
  }
  return all;
}

// The run that this one was forked from: where it says it is, or beside this one, if it has been moved with
// it.
fs::path parent_of(const fs::path& folder, const fs::path& named) {
  if (fs::exists(RunLayout{named}.metrics())) return named;
  const fs::path beside = fs::absolute(folder).lexically_normal().parent_path() / named.filename();
  return fs::exists(RunLayout{beside}.metrics()) ? beside : fs::path();
}

// The curves of the run that this one was forked from, from the last shared step on; null for a run that was
// not forked, and where the other one is gone.
Json parent_json(const fs::path& folder, const Json& manifest, const std::vector<StageTitle>& titles) {
  if (!manifest.is_object() || !manifest.contains("forked_from")) return nullptr;
  const Json& origin = manifest["forked_from"];
  const fs::path parent = parent_of(folder, origin.at("run").get<std::string>());
  if (parent.empty()) return nullptr;
  const int64_t step = origin.at("step");
  RunHistory history = read_history(parent, titles);
  for (auto& [name, points] : history.series) {
    std::erase_if(points, [&](const MetricPoint& point) { return point.step < step; });
  }
  return {{"name", history.name},
          {"step", step},
          {"changes", origin.at("changes")},
          {"series", series_json(history)}};
}

Json stages_json(const RunHistory& history) {
  Json list = Json::array();
  for (const TrainedStage& stage : history.stages) {
    list.push_back({{"number", stage.number},
                    {"name", stage.title.name},
                    {"kind", stage.title.kind},
                    {"first", stage.first},
                    {"last", stage.last}});
  }
  return list;
}

Json evaluation_json(const StageEvaluation& evaluation) {
  Json json = {{"name", evaluation.title},
               {"step", evaluation.step},
               {"problems", evaluation.problems},
               {"samples", evaluation.samples},
               {"pass", interval_json(evaluation.pass_at_1)},
               {"change", evaluation.change ? interval_json(*evaluation.change) : Json()},
               {"tokens", evaluation.mean_length},
               {"truncated", evaluation.truncated_share},
               {"undecided", evaluation.undecided_share},
               {"no_answer", evaluation.no_answer_share},
               {"sets", Json::array()}};
  for (const EvalSummary& set : evaluation.sets) {
    json["sets"].push_back({{"name", set.set},
                            {"problems", set.problems},
                            {"pass", interval_json(set.pass[0].estimate)},
                            {"right", optional_json(set.mean_length_right)},
                            {"wrong", optional_json(set.mean_length_wrong)}});
  }
  return json;
}

Json evaluations_json(const RunHistory& history) {
  Json list = Json::array();
  for (const StageEvaluation& evaluation : history.evaluations) list.push_back(evaluation_json(evaluation));
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
Json rollouts_json(const RunLayout& run, const RunHistory& history) {
  const std::vector<int64_t> steps = run.rollout_steps();
  Json list = Json::array();
  for (const TrainedStage& stage : history.stages) {
    std::vector<int64_t> of_stage;
    std::ranges::copy_if(steps, std::back_inserter(of_stage),
                         [&](int64_t s) { return stage.first <= s && s <= stage.last; });
    if (of_stage.empty()) continue;
    for (int64_t step :
         std::set<int64_t>{of_stage.front(), of_stage[(of_stage.size() - 1) / 2], of_stage.back()}) {
      list.push_back(step_json(run, step));
      list.back()["stage"] = stage.number;
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

std::string run_page(const fs::path& folder, const std::vector<StageTitle>& titles) {
  const RunLayout run{folder};
  const RunHistory history = read_history(folder, titles);
  const Json manifest = fs::exists(run.manifest()) ? Json(read_json_file(run.manifest())) : Json();
  const Json data = {{"name", history.name},
                     {"manifest", manifest},
                     {"parent", parent_json(folder, manifest, titles)},
                     {"recipe", read_file(run.config())},
                     {"stages", stages_json(history)},
                     {"series", series_json(history)},
                     {"evaluations", evaluations_json(history)},
                     {"rollouts", rollouts_json(run, history)}};
  std::string page(page_html());
  // The data last: what a model wrote can't be taken for a mark.
  put(page, "/*style*/", page_css());
  put(page, "/*script*/", page_script());
  put(page, "/*data*/", script_json(data));
  return page;
}

}  // namespace deepscaler
