// The page at /, for people: files built into the program (chat.html and what it names), which load nothing
// from elsewhere and run no other script.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http/http_message.h"

namespace deepscaler {

// The file at a path of the server; nothing where the page has none there.
[[nodiscard]] std::optional<HttpResponse> page_file(std::string_view path);

// All of their paths.
[[nodiscard]] std::vector<std::string> page_paths();

}  // namespace deepscaler
