// AdamW with moments in eight bits (Dettmers et al., 2022): codes of a dynamic map and the largest magnitude
// of every 256 numbers that follow each other in memory. Parameters of fewer than 4,096 numbers keep theirs
// in f32. As torchao's and bitsandbytes' CPU version, weights decay before the update.
#pragma once

#include <memory>

#include "train/optimizers/optimizer.h"

namespace deepscaler {

[[nodiscard]] std::unique_ptr<Optimizer> make_adamw_8bit(const ParameterTable& table);
[[nodiscard]] int64_t adamw_8bit_memory(const ParameterTable& table);

}  // namespace deepscaler
