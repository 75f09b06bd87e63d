#include "base/error.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace deepscaler {
namespace {

std::string one_line(std::string_view where, std::string_view what, std::string_view remedy) {
  std::string text(where);
  if (!where.empty()) text += ": ";
  text += what;
  if (!remedy.empty()) text += fmt::format("; {}", remedy);
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

}  // namespace

Error::Error(std::string_view where, std::string_view what, std::string_view remedy)
    : std::runtime_error(one_line(where, what, remedy)) {}

void check_failed(const char* file, int line, const char* condition, std::string_view message) {
  std::fprintf(stderr, "%s:%d: check failed: %s %.*s\n", file, line, condition,
               static_cast<int>(message.size()), message.data());
  std::abort();
}

}  // namespace deepscaler
