#include "base/memory.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// The number after a key at the start of a line, or the first number where the key is empty.
std::optional<int64_t> read_number(const fs::path& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string word; key.empty() || file >> word;) {
    int64_t number = 0;
    if (!key.empty() && word != key) continue;
    return file >> number ? std::optional(number) : std::nullopt;
  }
  return std::nullopt;
}

// Where the two versions of control groups keep what a group may take, and takes.
struct GroupFiles {
  fs::path root;
  const char *limit, *current, *cached;
};
const GroupFiles kVersion1 = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
                              "total_inactive_file"};
const GroupFiles kVersion2 = {"/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"};

// What a group and those above it have left. A limit of "max" is no number. Files in the cache count as
// current, though they would make room.
int64_t left_to_group(const GroupFiles& files, const std::string& group) {
  int64_t left = std::numeric_limits<int64_t>::max();
  fs::path relative = fs::path(group).relative_path();
  for (;;) {
    const fs::path folder = files.root / relative;
    const auto limit = read_number(folder / files.limit, "");
    const auto current = read_number(folder / files.current, "");
    const auto cached = read_number(folder / "memory.stat", files.cached);
    if (limit && current) left = std::min(left, *limit - *current + cached.value_or(0));
    if (relative.empty()) return left;
    relative = relative.parent_path();
  }
}

}  // namespace

int64_t available_memory() {
  int64_t available = std::numeric_limits<int64_t>::max();
  if (const auto kib = read_number("/proc/meminfo", "MemAvailable:")) available = *kib << 10;
  // Lines "number:controllers:group", without controllers in version 2.
  std::ifstream groups("/proc/self/cgroup");
  for (std::string number, controllers, group; std::getline(groups, number, ':') &&
                                               std::getline(groups, controllers, ':') &&
                                               std::getline(groups, group);) {
    if (controllers.empty()) available = std::min(available, left_to_group(kVersion2, group));
    if (controllers == "memory") available = std::min(available, left_to_group(kVersion1, group));
  }
  return std::max<int64_t>(0, available);
}

int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss << 10;
}

}  // namespace deepscaler
