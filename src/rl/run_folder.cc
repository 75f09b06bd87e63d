#include "rl/run_folder.h"

#include <fmt/format.h>

#include <cctype>

#include "base/error.h"

namespace deepscaler {

namespace fs = std::filesystem;

RunFolder::RunFolder(const fs::path& path) : path_(path) {
  std::error_code error;
  if (fs::exists(path) && !fs::is_empty(path, error)) {
    throw Error(path.string(), "is there already and not empty",
                "choose another --output or remove the old run");
  }
  for (const char* part : {"rollouts", "checkpoints", "eval"}) {
    fs::create_directories(path / part, error);
    if (error) throw Error((path / part).string(), "can't create: " + error.message(), "check the path");
  }
}

fs::path RunFolder::rollouts(int64_t step) const {
  return path_ / "rollouts" / fmt::format("step-{:06}.jsonl", step);
}

std::string numbered_name(int64_t number, const std::string& name) {
  std::string text = fmt::format("{:02}", number);
  bool separate = true;
  for (unsigned char c : name) {
    if (!std::isalnum(c)) {
      separate = true;
      continue;
    }
    if (separate) text += '-';
    separate = false;
    text += static_cast<char>(std::tolower(c));
  }
  return text;
}

}  // namespace deepscaler
