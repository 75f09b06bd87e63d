// The demonstrations of a stage's data: from files, from an earlier stage, and of generated problems.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/sha256.h"
#include "run/stages/stage_config.h"
#include "train/sft.h"

namespace deepscaler {

// Files come first, then the earlier stage's output, then generated problems. Throws Error as
// read_demonstrations does.
[[nodiscard]] std::vector<Demonstration> load_demonstrations(const DataConfig& data,
                                                             const StageContext& context, LossOn loss_on);

struct LengthLimit {
  int64_t max_tokens = 0;  // 0: the model's context
  TooLong too_long = TooLong::kSkip;
  int64_t context = 0;
};

// Applies the limit in place; a warning says what it did to `what`. Throws Error as limit_lengths does, and
// for a limit above the context.
void apply(const LengthLimit& limit, std::string_view what, std::vector<Demonstration>& demonstrations);

// Adds their number, their tokens and which are learned.
void add_to_hash(const std::vector<Demonstration>& demonstrations, Sha256& hash);

}  // namespace deepscaler
