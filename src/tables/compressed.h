// Files of text as they are published: plain, or compressed as .gz (RFC 1952) or .zst (RFC 8878).
#pragma once

#include <filesystem>
#include <string>

namespace deepscaler {

// The name without ".gz" or ".zst": its extension says what the text is.
[[nodiscard]] std::filesystem::path uncompressed_name(const std::filesystem::path& path);

// The whole text of a file, decompressed by its extension. Throws Error naming the file for damaged or cut
// data, and for a text of more than 16 GiB.
[[nodiscard]] std::string read_text(const std::filesystem::path& path);

}  // namespace deepscaler
