// The keys of a configuration as text, for `--help` pages and the manual.
#pragma once

#include <span>
#include <string>

#include "base/config.h"

namespace deepscaler {

// Two lines a key: its full path with the default, as `--set` takes it, and below it the description
// with type and range. Sections and kinds have a heading.
[[nodiscard]] std::string config_manual(std::span<const ConfigKey> keys);

}  // namespace deepscaler
