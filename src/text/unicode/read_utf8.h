// Text from a file or an option that is read as it is. Bytes that are no UTF-8 are refused: a tokenizer would
// read each of them as U+FFFD, which nobody has written.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace deepscaler {

// What is wrong with a text's encoding ("is not UTF-8 at byte 4", counted from 1); nothing where it is UTF-8.
[[nodiscard]] std::optional<std::string> wrong_encoding(std::string_view text);

// The whole file. Throws Error naming the path where it can't be read or is not UTF-8.
[[nodiscard]] std::string read_utf8(const std::filesystem::path& path);

}  // namespace deepscaler
