// Folders that come with the program, as recipes/ and machines/.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace deepscaler {

// The folder of that name in the tree that the program was built in, else in share/deepscaler where it is
// installed. Nothing where the program has been moved away from its files.
[[nodiscard]] std::optional<std::filesystem::path> shipped_folder(std::string_view name);

}  // namespace deepscaler
