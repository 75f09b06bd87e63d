// An evaluation in a few figures: one summary a set of problems, and the average of the sets.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "eval/report.h"
#include "eval/statistics.h"

namespace deepscaler {

// An estimate that depends on a number of samples k.
struct AtK {
  int64_t k = 1;
  Interval estimate;  // over the problems with at least k decided samples
};

struct EvalSummary {
  std::string set;
  int64_t problems = 0;
  int64_t samples = 0;
  std::vector<AtK> pass;                    // pass@1, 2, 4, ... and the number of samples
  std::vector<AtK> majority;                // maj@k for the same k, from 2 on
  std::optional<double> mean_length_right;  // tokens; none where no sample is right
  std::optional<double> mean_length_wrong;
  double mean_length = 0;
  double truncated_share = 0;  // of the samples
  double undecided_share = 0;
  double no_answer_share = 0;  // in which no answer was found
};

struct EvalOverview {
  std::vector<EvalSummary> sets;
  std::vector<AtK> average_pass;  // unweighted over the sets; empty where there is only one
  std::vector<AtK> average_majority;
};

[[nodiscard]] EvalOverview summarize(const EvalReport& report);

[[nodiscard]] nlohmann::ordered_json summary_json(const EvalOverview& overview);

}  // namespace deepscaler
