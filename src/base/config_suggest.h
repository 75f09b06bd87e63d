// What the writer of an unknown key probably meant, anywhere in a config: a slip of the finger, a key at
// the wrong level, a key of another kind of section, or the name that another program has for it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"

namespace deepscaler {

// The remedy for an error about the unknown key `name` in `section` ("stage.0.loss", "" for the file itself).
// `siblings` are the section's own keys, `keys` those of the whole config (config_keys).
[[nodiscard]] std::string suggest_key(std::string_view section, std::string_view name,
                                      std::span<const std::string> siblings, std::span<const ConfigKey> keys,
                                      std::span<const ConfigForeignName> foreign);

}  // namespace deepscaler
