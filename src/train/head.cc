#include "train/head.h"

#include <array>
#include <cmath>

namespace deepscaler {
namespace {

// The first token whose numbers are not all finite; numbers(i) gives those of token i.
template <class Numbers>
const PredictedToken* first_not_finite(std::span<const PredictedToken> chunk, const Numbers& numbers) {
  for (size_t i = 0; i < chunk.size(); ++i) {
    for (const float x : numbers(i)) {
      if (!std::isfinite(x)) return &chunk[i];
    }
  }
  return nullptr;
}

}  // namespace

std::vector<int64_t> token_rows(std::span<const PredictedToken> chunk) {
  std::vector<int64_t> rows;
  for (const PredictedToken& token : chunk) rows.push_back(token.row);
  return rows;
}

void LmHead::score(Pass& pass, std::span<const PredictedToken> chunk) {
  std::vector<int32_t> targets;
  for (const PredictedToken& token : chunk) targets.push_back(token.target);
  scores_.resize(chunk.size());
  pass.score(token_rows(chunk), targets, temperature_, scores_);
}

void LmHead::observe(Pass& pass, std::span<const PredictedToken> chunk) {
  score(pass, chunk);
  loss_.observe(chunk, scores_);
}

const PredictedToken* LmHead::evaluate(Pass& pass, std::span<const PredictedToken> chunk) {
  score(pass, chunk);
  std::vector<TokenDerivative> derivatives(chunk.size());
  loss_.evaluate(chunk, scores_, derivatives);
  pass.score_backward(derivatives);
  return first_not_finite(chunk, [&](size_t i) {
    return std::array{scores_[i].log_prob, scores_[i].entropy, derivatives[i].log_prob,
                      derivatives[i].entropy};
  });
}

const PredictedToken* ScalarHead::evaluate(Pass& pass, std::span<const PredictedToken> chunk) {
  std::vector<float> values(chunk.size()), derivatives(chunk.size());
  pass.values(token_rows(chunk), values);
  loss_.evaluate(chunk, values, derivatives);
  pass.values_backward(derivatives);
  return first_not_finite(chunk, [&](size_t i) { return std::array{values[i], derivatives[i]}; });
}

const PredictedToken* LogitsHead::evaluate(Pass& pass, std::span<const PredictedToken> chunk) {
  const MatrixView logits = pass.logits(token_rows(chunk));
  loss_.evaluate(chunk, logits);
  const PredictedToken* bad = first_not_finite(chunk, [&](size_t i) {
    return std::span<const float>(logits.row(static_cast<int64_t>(i)), static_cast<size_t>(logits.cols));
  });
  pass.logits_backward();
  return bad;
}

}  // namespace deepscaler
