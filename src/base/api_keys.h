#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace deepscaler {

// The keys of a file, one a line; empty lines and those that begin with # are none. Throws Error where it has
// no keys, or others than its owner may read it.
[[nodiscard]] std::vector<std::string> read_api_keys(const std::filesystem::path& path);

// The only key of such a file: the one to send. Throws Error where there are several.
[[nodiscard]] std::string read_api_key(const std::filesystem::path& path);

}  // namespace deepscaler
