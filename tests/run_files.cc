#include "run_files.h"

#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "base/file.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

std::string without_times(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    const auto json = ordered_json::parse(line);
    ordered_json kept;
    for (const auto& [name, value] : json.items()) {
      if (!name.starts_with("time/")) kept[name] = value;
    }
    text += kept.dump() + "\n";
  }
  return text;
}

// A record is a length of 8 bytes, 4 of its checksum, the event, 4 of its checksum; an event begins with
// its wall time, a key of one byte and a double.
std::string events_without_times(const std::string& bytes) {
  constexpr size_t kHead = 12, kTail = 4, kWallTime = 9;
  std::string text;
  for (size_t at = 0; at < bytes.size();) {
    uint64_t length;
    DEEPSCALER_CHECK(at + kHead <= bytes.size(), "a record is cut off");
    std::memcpy(&length, bytes.data() + at, sizeof length);
    DEEPSCALER_CHECK(at + kHead + length + kTail <= bytes.size(), "a record is cut off");
    const std::string event = bytes.substr(at + kHead + kWallTime, length - kWallTime);
    if (event.find("time/") == std::string::npos) text += event + "\n";
    at += kHead + length + kTail;
  }
  return text;
}

std::string comparable(const fs::path& path, const fs::path& run) {
  if (fs::is_symlink(path)) return "-> " + fs::read_symlink(path).string();
  if (path.filename() == "metrics.jsonl") return without_times(metrics_lines(run));
  if (path.filename().string().find("tfevents") != std::string::npos) {
    return events_without_times(read_file(path));
  }
  if (path.filename() == "state.json") {
    auto state = ordered_json::parse(read_file(path));
    state.erase("metrics_bytes");
    state.erase("events_bytes");
    return state.dump();
  }
  return read_file(path);
}

}  // namespace

std::map<std::string, std::string> run_files(const fs::path& run) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(run)) {
    const std::string name = entry.path().filename();
    if (name == "lock" || name == "report.html" || (entry.is_directory() && !entry.is_symlink())) continue;
    files[fs::relative(entry.path().parent_path(), run) / entry.path().filename()] =
        comparable(entry.path(), run);
  }
  return files;
}

std::vector<std::string> metrics_lines(const fs::path& run) {
  std::vector<std::string> lines;
  if (!fs::exists(run / "metrics.jsonl")) return lines;
  std::istringstream text(read_file(run / "metrics.jsonl"));
  for (std::string line; std::getline(text, line) && !text.eof();) lines.push_back(line);
  return lines;
}

}  // namespace deepscaler
