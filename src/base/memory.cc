#include "base/memory.h"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

namespace deepscaler {
namespace {

// The number after a key at the start of a line, or the first number where the key is empty.
std::optional<int64_t> read_number(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string word; key.empty() || file >> word;) {
    int64_t number = 0;
    if (!key.empty() && word != key) continue;
    return file >> number ? std::optional(number) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

int64_t available_memory() {
  int64_t available = std::numeric_limits<int64_t>::max();
  if (const auto kib = read_number("/proc/meminfo", "MemAvailable:")) available = *kib << 10;
  // A limit of "max" is no number. Files in the cache count as current, though they would make room.
  const auto limit = read_number("/sys/fs/cgroup/memory.max", "");
  const auto current = read_number("/sys/fs/cgroup/memory.current", "");
  const auto cached = read_number("/sys/fs/cgroup/memory.stat", "inactive_file");
  if (limit && current) available = std::min(available, *limit - *current + cached.value_or(0));
  return std::max<int64_t>(0, available);
}

int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss << 10;
}

}  // namespace deepscaler
