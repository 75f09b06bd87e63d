// Configuration: TOML files bound to plain structs.
//
// A component's struct lives beside the component, with its defaults, and one function names its keys:
//
//   void bind(ConfigSection& section, OptimizerConfig& config) {
//     section.field("lr", config.lr, "peak learning rate").range(0, 1);
//     section.choice("start", config.start, "what becomes of earlier moments", kStartNames);
//     section.section("schedule", config.schedule, "learning rate over the steps");
//   }
//
// That one function reads the struct (unknown keys, wrong types and values out of range are refused
// with file and line), applies overrides (`--set stage.0.optimizer.lr=1e-5`), writes it back as TOML
// (read back it is the same struct), lists what changed between two, and documents every key.
// A bind function must not branch on values: keys that depend on a value belong in select().
//
// Threads: a ConfigSection belongs to the call that made it; the functions below are thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace deepscaler {

class ConfigVisitor;
class ConfigSection;

// An enum by its names in the file. At most one name per value.
template <class Enum>
struct ConfigName {
  std::string_view name;
  Enum value;
};

// The name that another program has for a key, for messages about unknown keys.
struct ConfigForeignName {
  std::string_view name;  // "num_generations"
  std::string_view key;   // how our key's path ends: "sampling.samples_per_problem"
};

// A value out of a table of names: positions in `names`.
struct ConfigChoice {
  std::vector<std::string> names;
  std::function<std::optional<size_t>()> get;
  std::function<void(size_t)> set;
  bool optional = false;
};

// The variable behind a key. Optional ones are absent from the file when they hold nothing, and must
// default to nothing.
using ConfigTarget =
    std::variant<bool*, int64_t*, double*, float*, std::string*, std::vector<std::string>*,
                 std::vector<double>*, std::optional<bool>*, std::optional<int64_t>*, std::optional<double>*,
                 std::optional<float>*, std::optional<std::string>*, ConfigChoice>;

// One kind of section among several: its name in the file, and the binding of its keys.
struct ConfigKind {
  std::string_view name;
  std::string_view description;
  std::function<void(ConfigSection&)> bind;
};

// Conditions on the field just bound. Checked on what the file or an override sets, not on defaults.
class ConfigField {
 public:
  explicit ConfigField(ConfigVisitor& visitor) : visitor_(visitor) {}
  ConfigField& range(double low, double high);  // low <= value <= high
  ConfigField& at_least(double low);
  ConfigField& above(double low);  // low < value
  ConfigField& required();         // the key must be in the file

 private:
  ConfigVisitor& visitor_;
};

class ConfigSection {
 public:
  explicit ConfigSection(ConfigVisitor& visitor) : visitor_(visitor) {}

  // A key and its variable. `description` is one sentence without a full stop, with the unit.
  template <class T>
  ConfigField field(std::string_view name, T& value, std::string_view description) {
    return bind_field(name, &value, description);
  }

  // A key whose value, an Enum or std::optional<Enum>, is one of `names`; the table must outlive the
  // section (make it a namespace-scope constant).
  template <class Value, class Enum, size_t N>
  ConfigField choice(std::string_view name, Value& value, std::string_view description,
                     const ConfigName<Enum> (&names)[N]);

  // A key whose value is one of `names`, a table that other code may add to. `value` starts as one of them.
  ConfigField one_of(std::string_view name, std::string& value, std::string_view description,
                     std::vector<std::string> names);

  // A nested section, bound by its struct's own bind().
  template <class Config>
  void section(std::string_view name, Config& config, std::string_view description) {
    bind_section(name, description, [&config](ConfigSection& inner) { bind(inner, config); });
  }

  // An array of sections, [[name]] in the file. Elements must be default-constructible.
  template <class Config>
  void sections(std::string_view name, std::vector<Config>& configs, std::string_view description);

  // The key `name` says which of several sets of keys this section has; `kind` holds its value. All
  // kinds bind variables that exist side by side; only the chosen one's keys are read and written.
  void select(std::string_view name, std::string& kind, std::string_view description,
              const std::vector<ConfigKind>& kinds);

  // Names of other programs for keys of the whole config. The table must outlive the section. Call this
  // before any key is bound.
  void foreign_names(std::span<const ConfigForeignName> names);

  // A condition among several values, checked when reading: throws Error at the key `name` saying
  // `what` and `remedy` when `holds` is false.
  void require(bool holds, std::string_view name, std::string_view what, std::string_view remedy);

 private:
  ConfigField bind_field(std::string_view name, ConfigTarget target, std::string_view description);
  void bind_section(std::string_view name, std::string_view description,
                    const std::function<void(ConfigSection&)>& bind);
  void bind_sections(std::string_view name, std::string_view description, size_t count,
                     const std::function<void(size_t count)>& resize,
                     const std::function<void(ConfigSection&, size_t index)>& bind,
                     const std::function<void(ConfigSection&)>& bind_default);

  ConfigVisitor& visitor_;
};

// What the manual says about a key.
struct ConfigKey {
  std::string path;         // "stage.N.optimizer.lr"
  std::string type;         // "number", "one of \"sft\", \"grpo\"", "section"
  std::string value;        // the default, as TOML; empty for an optional without one
  std::string range;        // ">= 0 and <= 1"; empty where anything goes
  std::string description;  // one sentence
};

struct ConfigDifference {
  std::string path;  // "stage.0.optimizer.lr"
  std::string before;
  std::string after;  // values as TOML; empty where the key is absent
};

using ConfigBinding = std::function<void(ConfigSection&)>;

// Reads TOML text over the struct's present values. `name` is the file's name in messages. An override is
// "path=value", the value in TOML (a bare word counts as a string). Throws Error. Of several faults an
// unknown key is reported first, since the unknown key may be why another one is missing.
void read_config_text(std::string_view text, std::string_view name, std::span<const std::string> overrides,
                      const ConfigBinding& bind);
[[nodiscard]] std::string write_config_text(const ConfigBinding& bind);
[[nodiscard]] std::vector<ConfigKey> config_keys(const ConfigBinding& bind);
[[nodiscard]] std::vector<ConfigDifference> config_differences(const ConfigBinding& before,
                                                               const ConfigBinding& after);
// The file's bytes; see read_file.
[[nodiscard]] std::string read_config_file(const std::filesystem::path& path);

// The struct that a TOML file and overrides describe. Throws Error with file and line.
template <class Config>
[[nodiscard]] Config read_config(const std::filesystem::path& path,
                                 std::span<const std::string> overrides = {}) {
  Config config;
  read_config_text(read_config_file(path), path.string(), overrides,
                   [&config](ConfigSection& section) { bind(section, config); });
  return config;
}

// The struct as TOML, every key written out.
template <class Config>
[[nodiscard]] std::string write_config(Config config) {
  return write_config_text([&config](ConfigSection& section) { bind(section, config); });
}

// Every key of a struct, in the order of its bind function, with the defaults.
template <class Config>
[[nodiscard]] std::vector<ConfigKey> config_keys() {
  Config config;
  return config_keys([&config](ConfigSection& section) { bind(section, config); });
}

// The keys whose values differ, e.g. between a run's saved config and the one it is resumed with.
template <class Config>
[[nodiscard]] std::vector<ConfigDifference> config_differences(Config before, Config after) {
  return config_differences(ConfigBinding([&before](ConfigSection& section) { bind(section, before); }),
                            ConfigBinding([&after](ConfigSection& section) { bind(section, after); }));
}

template <class Value, class Enum, size_t N>
ConfigField ConfigSection::choice(std::string_view name, Value& value, std::string_view description,
                                  const ConfigName<Enum> (&names)[N]) {
  ConfigChoice target;
  target.optional = !std::is_same_v<Value, Enum>;
  for (const auto& entry : names) target.names.emplace_back(entry.name);
  target.get = [&value, &names]() -> std::optional<size_t> {
    for (size_t i = 0; i < N; ++i)
      if (value == names[i].value) return i;
    return std::nullopt;
  };
  target.set = [&value, &names](size_t i) { value = names[i].value; };
  return bind_field(name, std::move(target), description);
}

template <class Config>
void ConfigSection::sections(std::string_view name, std::vector<Config>& configs,
                             std::string_view description) {
  bind_sections(
      name, description, configs.size(), [&configs](size_t count) { configs.assign(count, Config()); },
      [&configs](ConfigSection& inner, size_t index) { bind(inner, configs[index]); },
      [](ConfigSection& inner) {
        Config config;
        bind(inner, config);
      });
}

}  // namespace deepscaler
