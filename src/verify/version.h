// Which verifier gave a verdict.
#pragma once

#include <string>

namespace deepscaler {

// The program's version and the first digits of a hash of this layer's sources, "0.1.0+1f3a55c0d2e4":
// two programs with the same one give the same verdicts.
[[nodiscard]] std::string verifier_version();

}  // namespace deepscaler
