#include "base/config_manual.h"

#include <fmt/format.h>

namespace deepscaler {
namespace {

std::string heading(const ConfigKey& key) { return fmt::format("\n# {}: {}\n", key.path, key.description); }

std::string entry(const ConfigKey& key) {
  const std::string range = key.range.empty() ? "" : ", " + key.range;
  const std::string space = key.value.empty() ? "" : " ";
  return fmt::format("{} ={}{}\n    {} ({}{})\n", key.path, space, key.value, key.description, key.type,
                     range);
}

}  // namespace

std::string config_manual(std::span<const ConfigKey> keys) {
  std::string text;
  for (const auto& key : keys) {
    const bool is_heading = key.type == "section" || key.type == "sections" || key.type == "kind";
    text += is_heading ? heading(key) : entry(key);
  }
  return text;
}

}  // namespace deepscaler
