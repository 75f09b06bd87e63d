// Scorers: models with a scalar head, which give a number in place of tokens. A reward model gives one for a
// whole answer, a critic one for every token, a process reward model one for every step. Folders are
// transformers' ...ForSequenceClassification, those of process reward models ...ForTokenClassification.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "model/model.h"

namespace deepscaler {

// A model with the layers of `model`. A scalar head is taken over; in place of an LM head comes a new one,
// with weights from N(0, (1 / (D + 1))^2) and no bias, as in OpenRLHF. `head` is the kind of the
// scorer's head, also where it is taken over. Computes in the same type as `model`,
// which is no adapter (CHECK).
[[nodiscard]] Model make_scorer(const Model& model, uint64_t seed, HeadKind head = HeadKind::kSequenceScore);

// Mean and unbiased standard deviation of a reward model's scores of its training answers. With them a score
// s becomes (s - mean) / std.
struct ScoreScale {
  double mean = 0;
  double std = 1;

  [[nodiscard]] double normalized(double score) const { return (score - mean) / std; }
};

// Write the scale into the config.json of a model's folder, as OpenRLHF's "mean" and "std", and read it;
// nothing where the config has none. Both throw Error for a config that is not JSON.
void write_score_scale(const std::filesystem::path& folder, const ScoreScale& scale);
[[nodiscard]] std::optional<ScoreScale> read_score_scale(const std::filesystem::path& folder);

}  // namespace deepscaler
