#include "eval/compare.h"

#include <map>
#include <set>

#include "base/error.h"

namespace deepscaler {
namespace {

std::string list_of(const std::vector<SettingsDifference>& found) {
  std::string list;
  for (const auto& [name, before, after] : found) {
    list += fmt::format("{}{} ({} before, {} after)", list.empty() ? "" : ", ", name, before, after);
  }
  return list;
}

// The outcomes of one set by problem id.
std::map<std::string, std::vector<bool>> outcomes_by_id(const EvalReport& report, const std::string& set) {
  const Outcomes outcomes = report.outcomes();
  std::map<std::string, std::vector<bool>> by_id;
  for (size_t p = 0; p < report.problems.size(); ++p) {
    if (report.problems[p].set == set) by_id[report.problems[p].id] = outcomes[p];
  }
  return by_id;
}

SetComparison compare_set(const EvalReport& before, const EvalReport& after, const std::string& set) {
  Outcomes left, right;
  auto of_after = outcomes_by_id(after, set);
  for (auto& [id, outcomes] : outcomes_by_id(before, set)) {
    left.push_back(outcomes);
    right.push_back(of_after.at(id));
  }
  return {set, mean_interval(left), mean_interval(right), paired_difference(left, right)};
}

}  // namespace

EvalComparison compare(const EvalReport& before, const EvalReport& after, OtherSettings other) {
  static const std::set<std::string> may_differ = {"model",    "model_hash", "endpoint", "kernels", "dtype",
                                                   "products", "kv",         "samples",  "seed"};
  std::vector<SettingsDifference> problems, settings;
  EvalComparison comparison;
  for (const SettingsDifference& d : differences(before.settings, after.settings)) {
    // The same weights, wherever they lay.
    const std::string& hash = before.settings.model_hash;
    if (d.name == "model" && !hash.empty() && hash == after.settings.model_hash) continue;
    if (d.name.starts_with("set ")) {
      problems.push_back(d);
    } else if (other == OtherSettings::kAllow || may_differ.contains(d.name)) {
      comparison.other_differences.push_back(d);
    } else {
      settings.push_back(d);
    }
  }
  if (before.verifier != after.verifier) {
    auto& list = other == OtherSettings::kAllow ? comparison.other_differences : settings;
    list.push_back({"verifier", before.verifier, after.verifier});
  }
  if (!problems.empty()) {
    throw Error("compare", "the two are not of the same problems: " + list_of(problems),
                "evaluate both on the same data");
  }
  if (!settings.empty()) {
    throw Error(
        "compare", "the two differ in more than the model: " + list_of(settings),
        "evaluate again with the same settings (kept samples are graded anew), or add --allow-settings");
  }
  std::vector<Interval> of_sets;
  for (const EvalSet& set : before.settings.sets) {
    comparison.sets.push_back(compare_set(before, after, set.name));
    of_sets.push_back(comparison.sets.back().difference);
  }
  if (of_sets.size() > 1) comparison.average_difference = average_interval(of_sets);
  return comparison;
}

}  // namespace deepscaler
