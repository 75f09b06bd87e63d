// The names that TRL, verl, OpenRLHF and transformers have for keys of a recipe, so that a message about an
// unknown key names ours. docs/recipes.md has this table too; a test compares them.
#pragma once

#include <span>

#include "base/config.h"

namespace deepscaler {

[[nodiscard]] std::span<const ConfigForeignName> foreign_names();

}  // namespace deepscaler
