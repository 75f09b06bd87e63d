#include "eval/summary.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "eval/votes.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

// 1, 2, 4, ... and `samples` itself.
std::vector<int64_t> sizes_up_to(int64_t samples) {
  std::vector<int64_t> sizes;
  for (int64_t k = 1; k < samples; k *= 2) sizes.push_back(k);
  sizes.push_back(samples);
  return sizes;
}

// A mean that may have nothing to be taken over.
class Mean {
 public:
  void add(double value) {
    sum_ += value;
    ++count_;
  }
  [[nodiscard]] std::optional<double> get() const {
    return count_ == 0 ? std::nullopt : std::optional(sum_ / static_cast<double>(count_));
  }

 private:
  double sum_ = 0;
  int64_t count_ = 0;
};

// Sets `pass` and `majority`: an estimate rests on the problems that have enough decided samples.
void estimate(const std::vector<std::vector<Vote>>& votes_by_problem, int64_t samples, EvalSummary& summary) {
  for (int64_t k : sizes_up_to(samples)) {
    std::vector<double> pass, majority;
    for (const auto& votes : votes_by_problem) {
      const auto decided = std::ssize(votes);
      if (decided < k) continue;
      pass.push_back(pass_at_k(decided, std::ranges::count_if(votes, &Vote::right), k));
      if (k > 1) majority.push_back(majority_at_k(votes, k));
    }
    const Interval unknown = {.mean = 0, .low = 0, .high = 1};
    summary.pass.push_back({k, pass.empty() ? unknown : share_interval(pass)});
    if (k > 1) summary.majority.push_back({k, majority.empty() ? unknown : share_interval(majority)});
  }
}

EvalSummary summarize_set(const EvalReport& report, const std::string& set) {
  EvalSummary summary = {.set = set};
  std::vector<std::vector<Vote>> votes;
  Mean length, length_right, length_wrong, truncated, undecided, no_answer;
  for (const EvalProblem& problem : report.problems) {
    if (problem.set != set) continue;
    ++summary.problems;
    votes.push_back(votes_of(problem));
    for (const EvalSample& s : problem.samples) {
      ++summary.samples;
      const auto tokens = static_cast<double>(s.tokens);
      length.add(tokens);
      truncated.add(s.truncated);
      undecided.add(s.undecided);
      no_answer.add(s.extracted.empty());
      if (!s.undecided) (s.correct ? length_right : length_wrong).add(tokens);
    }
  }
  estimate(votes, report.settings.config.samples, summary);
  summary.mean_length = length.get().value_or(0);
  summary.mean_length_right = length_right.get();
  summary.mean_length_wrong = length_wrong.get();
  summary.truncated_share = truncated.get().value_or(0);
  summary.undecided_share = undecided.get().value_or(0);
  summary.no_answer_share = no_answer.get().value_or(0);
  return summary;
}

std::vector<AtK> average_over(const std::vector<EvalSummary>& sets,
                              std::vector<AtK> EvalSummary::*estimates) {
  std::vector<AtK> averages;
  for (size_t i = 0; i < (sets[0].*estimates).size(); ++i) {
    std::vector<Interval> of_sets;
    for (const EvalSummary& set : sets) of_sets.push_back((set.*estimates)[i].estimate);
    averages.push_back({(sets[0].*estimates)[i].k, average_interval(of_sets)});
  }
  return averages;
}

Json estimates_json(const std::vector<AtK>& estimates) {
  Json list = Json::array();
  for (const auto& [k, e] : estimates) {
    list.push_back({{"k", k}, {"mean", e.mean}, {"low", e.low}, {"high", e.high}, {"problems", e.problems}});
  }
  return list;
}

Json optional_json(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

}  // namespace

EvalOverview summarize(const EvalReport& report) {
  EvalOverview overview;
  for (const EvalSet& set : report.settings.sets) overview.sets.push_back(summarize_set(report, set.name));
  if (overview.sets.size() > 1) {
    overview.average_pass = average_over(overview.sets, &EvalSummary::pass);
    overview.average_majority = average_over(overview.sets, &EvalSummary::majority);
  }
  return overview;
}

Json summary_json(const EvalOverview& overview) {
  Json json = {{"sets", Json::array()}};
  for (const EvalSummary& s : overview.sets) {
    json["sets"].push_back({{"name", s.set},
                            {"problems", s.problems},
                            {"samples", s.samples},
                            {"pass@k", estimates_json(s.pass)},
                            {"maj@k", estimates_json(s.majority)},
                            {"mean_length", s.mean_length},
                            {"mean_length_right", optional_json(s.mean_length_right)},
                            {"mean_length_wrong", optional_json(s.mean_length_wrong)},
                            {"truncated", s.truncated_share},
                            {"undecided", s.undecided_share},
                            {"no_answer", s.no_answer_share}});
  }
  if (overview.sets.size() > 1) {
    json["average"] = {{"pass@k", estimates_json(overview.average_pass)},
                       {"maj@k", estimates_json(overview.average_majority)}};
  }
  return json;
}

}  // namespace deepscaler
