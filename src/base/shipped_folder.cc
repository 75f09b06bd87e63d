#include "base/shipped_folder.h"

namespace deepscaler {

namespace fs = std::filesystem;

std::optional<fs::path> shipped_folder(std::string_view name) {
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (const char* place : {"..", "../share/deepscaler"}) {
    const fs::path folder = (program / place / name).lexically_normal();
    if (fs::is_directory(folder, ignored)) return folder;
  }
  return std::nullopt;
}

}  // namespace deepscaler
