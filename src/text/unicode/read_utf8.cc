#include "text/unicode/read_utf8.h"

#include "base/error.h"
#include "base/file.h"
#include "text/unicode/unicode.h"

namespace deepscaler {

std::optional<std::string> wrong_encoding(std::string_view text) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) return "is UTF-16, not UTF-8";
  const size_t valid = valid_utf8_prefix(text);
  if (valid == text.size()) return std::nullopt;
  return fmt::format("is not UTF-8 at byte {}", valid + 1);
}

std::string read_utf8(const std::filesystem::path& path) {
  std::string text = read_file(path);
  if (const auto wrong = wrong_encoding(text)) throw Error(path.string(), *wrong, "save the file as UTF-8");
  return text;
}

}  // namespace deepscaler
