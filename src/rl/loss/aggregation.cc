#include "rl/loss/aggregation.h"

namespace deepscaler {

Denominators Denominators::divided_by(int64_t parts) const {
  return {responses / static_cast<double>(parts), tokens / static_cast<double>(parts)};
}

Denominators count_denominators(std::span<const int64_t> lengths) {
  Denominators result;
  for (int64_t length : lengths) {
    result.responses += 1;
    result.tokens += static_cast<double>(length);
  }
  return result;
}

double token_weight(LossAggregation aggregation, int64_t length, const Denominators& denominators,
                    int64_t constant_length) {
  if (length == 0) return 0;
  switch (aggregation) {
    case LossAggregation::kTokenMean:
      return 1 / denominators.tokens;
    case LossAggregation::kSequenceMean:
      return 1 / (denominators.responses * static_cast<double>(length));
    case LossAggregation::kSequenceSum:
      return 1 / denominators.responses;
    case LossAggregation::kSequenceSumNorm:
      break;
  }
  return 1 / (denominators.responses * static_cast<double>(constant_length));
}

}  // namespace deepscaler
