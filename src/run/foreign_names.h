// The names that TRL, verl and transformers have for keys of a recipe, so that a message about an unknown
// key says ours. docs/recipes.md has the same table, which a test compares.
#pragma once

#include <span>

#include "base/config.h"

namespace deepscaler {

[[nodiscard]] std::span<const ConfigForeignName> foreign_names();

}  // namespace deepscaler
