// Generated problems, with training and test problems kept apart by construction: a hash of the kind
// and its operands decides which of the two a problem is, so no seed and no count ever puts a test
// problem (or the same one with its operands swapped) into training.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/problem.h"

namespace deepscaler {

enum class Split { kTrain, kTest };

// One problem in this many is a test problem.
inline constexpr uint64_t kTestShare = 3;

struct GeneratorRequest {
  std::vector<std::string> kinds;  // names of data/arithmetic.h, taken in turn
  Split split = Split::kTrain;
  uint64_t seed = 1;
  int64_t count = 100;  // over all kinds
};

// `count` distinct problems. Problem i depends on (kinds, split, seed, i) alone, so a smaller count gives the
// beginning of a larger one. Throws Error for an unknown kind, and where fewer problems exist.
[[nodiscard]] std::vector<Problem> generate_problems(const GeneratorRequest& request);

// The split that the operands (Exercise::operands) of a kind belong to.
[[nodiscard]] Split split_of(std::string_view kind, std::string_view operands);

// Name and description of every kind, for help texts.
[[nodiscard]] std::string describe_generators();

}  // namespace deepscaler
