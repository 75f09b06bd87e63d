#include "engine/top_tokens.h"

#include <algorithm>

#include "base/parallel.h"

namespace deepscaler {

GroupTopTokens top_tokens(const Engine& engine, std::span<const TokenGroup> groups, float temperature,
                          int64_t count) {
  GroupTopTokens all(groups.size());
  for (size_t g = 0; g < groups.size(); ++g) {
    for (const auto& response : groups[g].responses) all[g].emplace_back(response.size());
  }
  const auto pass = default_device().make_pass(engine.model());
  for (const MicroBatch& batch : pack_groups(groups, engine.options().token_budget)) {
    pass->reserve(batch.blocks, Contents::kZero);
    pass->forward(batch.forward, PassPurpose::kInference);
    for (size_t first = 0; first < batch.predicted.size(); first += kHeadRows) {
      const auto chunk = std::span(batch.predicted)
                             .subspan(first, std::min<size_t>(kHeadRows, batch.predicted.size() - first));
      const MatrixView logits = pass->logits(token_rows(chunk));
      parallel_for(std::ssize(chunk), [&](int64_t i) {
        const PredictedToken& token = chunk[static_cast<size_t>(i)];
        all[token.group][token.response][token.token] =
            top_tokens({logits.row(i), static_cast<size_t>(logits.cols)}, temperature, count);
      });
    }
  }
  return all;
}

}  // namespace deepscaler
