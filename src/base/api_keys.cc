#include "base/api_keys.h"

#include <sys/stat.h>

#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "base/trim.h"

namespace deepscaler {

std::vector<std::string> read_api_keys(const std::filesystem::path& path) {
  std::istringstream lines(read_file(path));
  struct stat status = {};
  if (stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
      (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    throw Error(path.string(), "others than its owner may use it", "chmod 600 it");
  }
  std::vector<std::string> keys;
  for (std::string line; std::getline(lines, line);) {
    const std::string_view key = trim(line);
    if (!key.empty() && !key.starts_with('#')) keys.emplace_back(key);
  }
  if (keys.empty()) throw Error(path.string(), "has no keys", "write one a line");
  return keys;
}

std::string read_api_key(const std::filesystem::path& path) {
  const std::vector<std::string> keys = read_api_keys(path);
  if (keys.size() > 1)
    throw Error(path.string(), fmt::format("holds {} keys", keys.size()), "leave the one to send");
  return keys[0];
}

}  // namespace deepscaler
