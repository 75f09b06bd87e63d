// The demonstrations of a stage: from files, from an earlier stage, and of generated problems. What is left
// out of them, and why, is always said.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.h"
#include "run/stages/stage_config.h"
#include "train/sft.h"

namespace deepscaler {

// Files come first, then the earlier stage's output, then generated problems. Throws Error as
// read_demonstrations and limit_lengths do, and for a limit above the model's context.
[[nodiscard]] std::vector<Demonstration> load_demonstrations(const DataConfig& data, LossOn loss_on,
                                                             const ExamplesConfig& config,
                                                             const StageContext& context);

// Those of files that are held out.
[[nodiscard]] std::vector<Demonstration> load_held_out(const std::vector<std::string>& files, LossOn loss_on,
                                                       const ExamplesConfig& config,
                                                       const StageContext& context);

// Applies the limit of lengths in place; a warning says what it did to `what`.
void limit_examples(std::vector<Demonstration>& demonstrations, std::string_view what,
                    const ExamplesConfig& config, const StageContext& context);

// Adds their number, their tokens and which are learned.
void add_to_hash(const std::vector<Demonstration>& demonstrations, Sha256& hash);

}  // namespace deepscaler
