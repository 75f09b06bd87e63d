// A name or a piece of text that came from a file, made fit for an error line.
#pragma once

#include <string>
#include <string_view>

namespace deepscaler {

// At most 60 bytes of `text`, in single quotes. A byte outside printable ASCII becomes \xNN.
[[nodiscard]] std::string excerpt(std::string_view text);

}  // namespace deepscaler
