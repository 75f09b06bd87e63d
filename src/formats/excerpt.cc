#include "formats/excerpt.h"

#include <fmt/format.h>

namespace deepscaler {

std::string excerpt(std::string_view text) {
  constexpr size_t kLimit = 60;
  std::string quoted = "'";
  for (const char c : text.substr(0, kLimit)) {
    if (c >= 0x20 && c < 0x7f) {
      quoted += c;
    } else {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  if (text.size() > kLimit) quoted += "...";
  return quoted + "'";
}

}  // namespace deepscaler
