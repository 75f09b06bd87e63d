// What a walk over a bind function does at each key: the private half of base/config.h. Reading,
// writing and describing are one visitor each.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"

namespace deepscaler {

struct ConfigLimit {
  std::optional<double> low;
  std::optional<double> high;
  bool excludes_low = false;

  [[nodiscard]] bool holds(double value) const;
  [[nodiscard]] std::string text() const;  // ">= 0 and <= 1"
};

struct ConfigArray {
  size_t count;  // elements now
  std::function<void(size_t count)> resize;
  std::function<void(ConfigSection&, size_t index)> bind;
  std::function<void(ConfigSection&)> bind_default;
};

class ConfigVisitor {
 public:
  virtual ~ConfigVisitor() = default;
  virtual void field(std::string_view name, const ConfigTarget& target, std::string_view description) = 0;
  virtual void limit(const ConfigLimit& limit) = 0;  // of the last field, like required()
  virtual void required() = 0;
  virtual void section(std::string_view name, std::string_view description, const ConfigBinding& bind) = 0;
  virtual void sections(std::string_view name, std::string_view description, const ConfigArray& array) = 0;
  virtual void select(std::string_view name, std::string& kind, std::string_view description,
                      const std::vector<ConfigKind>& kinds) = 0;
  virtual void foreign_names(std::span<const ConfigForeignName>) {}
  virtual void require(bool holds, std::string_view name, std::string_view what, std::string_view remedy) = 0;
};

// The target's value as TOML text, or nothing for an optional that holds none.
[[nodiscard]] std::optional<std::string> toml_text(const ConfigTarget& target);
[[nodiscard]] std::string toml_string(std::string_view text);
// "a number", "a list of strings", "one of "sft", "grpo"".
[[nodiscard]] std::string type_name(const ConfigTarget& target);
[[nodiscard]] std::string one_of(const std::vector<std::string>& names);
[[nodiscard]] std::vector<std::string> kind_names(const std::vector<ConfigKind>& kinds);
[[nodiscard]] const ConfigKind* find_kind(const std::vector<ConfigKind>& kinds, std::string_view name);

}  // namespace deepscaler
