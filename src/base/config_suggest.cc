#include "base/config_suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

#include "base/nearest.h"

namespace deepscaler {
namespace {

using Parts = std::vector<std::string>;

Parts parts_of(std::string_view path) {
  Parts parts;
  while (!path.empty()) {
    const size_t dot = std::min(path.find('.'), path.size());
    parts.emplace_back(path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return parts;
}

bool is_index(const std::string& part) {
  return !part.empty() && std::ranges::all_of(part, [](unsigned char c) { return std::isdigit(c) != 0; });
}

// Whether a part of a path fits one of the manual, in which N stands for any index.
bool fits(const std::string& part, const std::string& of_manual) {
  return part == of_manual || (of_manual == "N" && is_index(part));
}

size_t shared_parts(const Parts& path, const Parts& of_manual) {
  size_t shared = 0;
  while (shared < std::min(path.size(), of_manual.size()) && fits(path[shared], of_manual[shared])) ++shared;
  return shared;
}

// Whether the path ends in these parts: "stage.N.loss.kl" in "loss.kl".
bool ends_in(const Parts& path, const Parts& end) {
  return path.size() >= end.size() && std::equal(end.rbegin(), end.rend(), path.rbegin());
}

bool is_key(const ConfigKey& key) {
  return key.type != "section" && key.type != "sections" && key.type != "kind";
}

// "\"a\" or \"b\"".
std::string alternatives(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += fmt::format("{}\"{}\"", text.empty() ? "" : " or ", name);
  return text;
}

class Suggestion {
 public:
  Suggestion(std::string_view section, std::span<const std::string> siblings, std::span<const ConfigKey> keys)
      : section_(parts_of(section)), keys_(keys), kind_(kind_among(siblings)) {}

  // The keys that end in `end`, of the sections nearest to this one, but for keys that this section has only
  // when it is of another kind; none where there is no such key.
  [[nodiscard]] std::optional<std::string> key_elsewhere(std::string_view end) const {
    constexpr size_t kMost = 3;
    const Parts wanted = parts_of(end);
    std::vector<std::string> found;
    size_t nearest = 0;
    std::string kind;
    for (const ConfigKey& key : keys_) {
      if (begins_kind(key)) kind = name_of(key);
      const Parts path = parts_of(key.path);
      if (!is_key(key) || !ends_in(path, wanted)) continue;
      const bool of_section = shared_parts(section_, path) == section_.size();
      if (of_section && !kind.empty() && !kind_.empty() && kind != kind_) continue;
      const size_t shared = shared_parts(section_, path);
      if (shared > nearest) found.clear();
      if (shared < nearest) continue;
      nearest = shared;
      const std::string text = as_written(path, shared);
      if (std::ranges::count(found, text) == 0) found.push_back(text);
    }
    if (found.empty() || found.size() > kMost) return std::nullopt;
    return fmt::format("did you mean {}?", alternatives(found));
  }

  // For a key that the section has when it is of another kind.
  [[nodiscard]] std::optional<std::string> other_kind(std::string_view name) const {
    Parts path = section_;
    path.emplace_back(name);
    std::string kind;
    for (const ConfigKey& key : keys_) {
      if (key.type == "kind") kind = key.path.substr(key.path.rfind('.') + 1);
      const Parts candidate = parts_of(key.path);
      const bool same = candidate.size() == path.size() && shared_parts(path, candidate) == path.size();
      if (same && key.type != "kind" && !kind.empty()) {
        return fmt::format("it belongs to {}", kind);
      }
    }
    return std::nullopt;
  }

  // The kind of this section whose keys end in `end`.
  [[nodiscard]] std::optional<std::string> kind_with(std::string_view end) const {
    const Parts wanted = parts_of(end);
    std::string kind;
    for (const ConfigKey& key : keys_) {
      if (begins_kind(key)) kind = name_of(key);
      const Parts path = parts_of(key.path);
      const bool of_section = shared_parts(section_, path) == section_.size();
      if (of_section && !kind.empty() && is_key(key) && ends_in(path, wanted)) return kind;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::vector<std::string> all_names() const {
    std::vector<std::string> names;
    for (const ConfigKey& key : keys_) {
      if (is_key(key)) names.push_back(key.path.substr(key.path.rfind('.') + 1));
    }
    return names;
  }

 private:
  static std::string name_of(const ConfigKey& kind) { return kind.path.substr(kind.path.rfind('.') + 1); }

  // Whether the key is the entry behind which the manual lists the keys of one kind of this section.
  [[nodiscard]] bool begins_kind(const ConfigKey& key) const {
    if (key.type != "kind") return false;
    const Parts path = parts_of(key.path);
    return path.size() == section_.size() + 1 && shared_parts(section_, path) == section_.size();
  }

  // The kind that this section is of, as its keys tell: the one with the most keys among those whose keys are
  // all here. Empty where it has no kinds, or the keys of all of them.
  [[nodiscard]] std::string kind_among(std::span<const std::string> siblings) const {
    std::map<std::string, std::pair<int, bool>> kinds;  // their keys, and whether all are here
    std::string kind;
    for (const ConfigKey& key : keys_) {
      if (begins_kind(key)) {
        kind = name_of(key);
        kinds[kind] = {0, true};
        continue;
      }
      const Parts path = parts_of(key.path);
      if (kind.empty() || path.size() != section_.size() + 1) continue;
      if (shared_parts(section_, path) != section_.size()) continue;
      ++kinds[kind].first;
      kinds[kind].second &= std::ranges::count(siblings, path.back()) > 0;
    }
    if (std::ranges::all_of(kinds, [](const auto& entry) { return entry.second.second; })) return "";
    std::string best;
    int most = -1;
    for (const auto& [name, keys] : kinds) {
      if (!keys.second || keys.first <= most) continue;
      best = name;
      most = keys.first;
    }
    return best;
  }

  // With the indices of this section in place of N; a key of the section itself by its name alone.
  [[nodiscard]] std::string as_written(const Parts& path, size_t shared) const {
    if (shared == section_.size() && path.size() == shared + 1) return path.back();
    std::string text;
    for (size_t i = 0; i < path.size(); ++i) {
      text += fmt::format("{}{}", i == 0 ? "" : ".", i < shared ? section_[i] : path[i]);
    }
    return text;
  }

  Parts section_;
  std::span<const ConfigKey> keys_;
  std::string kind_;
};

}  // namespace

std::string suggest_key(std::string_view section, std::string_view name,
                        std::span<const std::string> siblings, std::span<const ConfigKey> keys,
                        std::span<const ConfigForeignName> foreign) {
  constexpr size_t kShortest = 3;  // letters from which the beginning of a name says which
  for (const std::string& sibling : siblings) {
    if (name.size() >= kShortest && sibling.starts_with(name)) {
      return fmt::format("did you mean \"{}\"?", sibling);
    }
  }
  const Suggestion suggestion(section, siblings, keys);
  if (const auto kind = suggestion.other_kind(name)) return *kind;
  // One name may stand for a key in each of several kinds.
  for (const ConfigForeignName& other : foreign) {
    const bool here = std::ranges::count(siblings, other.key) > 0;
    if (other.name == name && here) return fmt::format("did you mean \"{}\"?", other.key);
  }
  for (const ConfigForeignName& other : foreign) {
    if (other.name != name) continue;
    if (const auto key = suggestion.key_elsewhere(other.key)) return *key;
    if (const auto kind = suggestion.kind_with(other.key)) {
      return fmt::format("it is \"{}\" here, which belongs to {}", other.key, *kind);
    }
  }
  if (const auto key = suggestion.key_elsewhere(name)) return *key;
  if (nearest_name(name, siblings)) return suggest_name(name, siblings);
  const auto names = suggestion.all_names();
  if (const auto nearest = nearest_name(name, names)) {
    if (const auto key = suggestion.key_elsewhere(*nearest)) return *key;
  }
  return suggest_name(name, siblings);
}

}  // namespace deepscaler
