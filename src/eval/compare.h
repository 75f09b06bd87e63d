// Two evaluations of the same problems: did it get better, and how surely?
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "eval/report.h"
#include "eval/settings.h"
#include "eval/statistics.h"

namespace deepscaler {

struct SetComparison {
  std::string set;
  Interval before, after;  // pass@1
  Interval difference;     // after - before, paired by problem; over those with decided samples in both
};

struct EvalComparison {
  std::vector<SetComparison> sets;
  std::optional<Interval> average_difference;         // over the sets; none where there is only one
  std::vector<SettingsDifference> other_differences;  // what else differs: the model, the seed, ...
};

enum class OtherSettings { kRefuse, kAllow };

// Throws Error where the two reports are not of the same problems. Unless `other` allows it, also throws
// where the prompt, the verifier or the sampling differ, and names all that differ. Seed and number of
// samples may differ: they change only the noise.
[[nodiscard]] EvalComparison compare(const EvalReport& before, const EvalReport& after, OtherSettings other);

}  // namespace deepscaler
