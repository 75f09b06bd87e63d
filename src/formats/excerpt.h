// A name or a piece of text that came from a file, made fit for an error line.
#pragma once

#include <string>
#include <string_view>

namespace deepscaler {

// In single quotes, at most 60 bytes of it, every byte outside printable ASCII as \xNN.
[[nodiscard]] std::string excerpt(std::string_view text);

}  // namespace deepscaler
