#include "base/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/config_visitor.h"
#include "base/error.h"
#include "base/file.h"

namespace deepscaler {
namespace {

std::string value_text(bool value) { return value ? "true" : "false"; }
std::string value_text(int64_t value) { return fmt::format("{}", value); }
std::string value_text(double value) {
  const std::string text = fmt::format("{}", value);
  const bool reads_as_integer = text.find_first_not_of("-0123456789") == std::string::npos;
  return reads_as_integer ? text + ".0" : text;
}
// The shortest text that gives the float back when read as a double and rounded.
std::string value_text(float value) {
  const std::string text = fmt::format("{}", value);
  const bool comes_back = static_cast<float>(std::strtod(text.c_str(), nullptr)) == value;
  const bool reads_as_integer = text.find_first_not_of("-0123456789") == std::string::npos;
  return comes_back && !reads_as_integer ? text : value_text(static_cast<double>(value));
}
std::string value_text(const std::string& value) { return toml_string(value); }
std::string value_text(const std::vector<std::string>& values) {
  std::string text;
  for (const auto& value : values) text += (text.empty() ? "" : ", ") + toml_string(value);
  return "[" + text + "]";
}
std::string value_text(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : ", ") + value_text(value);
  return "[" + text + "]";
}

struct ToText {
  template <class T>
  std::optional<std::string> operator()(T* value) const {
    return value_text(*value);
  }
  template <class T>
  std::optional<std::string> operator()(std::optional<T>* value) const {
    return *value ? std::optional(value_text(**value)) : std::nullopt;
  }
  std::optional<std::string> operator()(const ConfigChoice& choice) const {
    const auto index = choice.get();
    DEEPSCALER_CHECK(index || choice.optional, "an enum value without a name");
    return index ? std::optional(toml_string(choice.names[*index])) : std::nullopt;
  }
};

struct ToTypeName {
  std::string operator()(const bool*) const { return "true or false"; }
  std::string operator()(const int64_t*) const { return "an integer"; }
  std::string operator()(const double*) const { return "a number"; }
  std::string operator()(const float*) const { return "a number"; }
  std::string operator()(const std::string*) const { return "a string"; }
  std::string operator()(const std::vector<std::string>*) const { return "a list of strings"; }
  std::string operator()(const std::vector<double>*) const { return "a list of numbers"; }
  template <class T>
  std::string operator()(const std::optional<T>*) const {
    return (*this)(static_cast<const T*>(nullptr));
  }
  std::string operator()(const ConfigChoice& choice) const { return one_of(choice.names); }
};

// Writes keys first and sections after them, as TOML asks, whatever the order of the bind function.
class Writer : public ConfigVisitor {
 public:
  explicit Writer(std::string path) : path_(std::move(path)) {}

  std::string text() const { return keys_ + sections_; }

  void field(std::string_view name, const ConfigTarget& target, std::string_view) override {
    if (const auto text = toml_text(target)) keys_ += fmt::format("{} = {}\n", name, *text);
  }
  void limit(const ConfigLimit&) override {}
  void required() override {}
  void section(std::string_view name, std::string_view, const ConfigBinding& bind) override {
    write_section(name, "[", "]", bind);
  }
  void sections(std::string_view name, std::string_view, const ConfigArray& array) override {
    for (size_t i = 0; i < array.count; ++i)
      write_section(name, "[[", "]]", [&](ConfigSection& inner) { array.bind(inner, i); });
  }
  void select(std::string_view name, std::string& kind, std::string_view,
              const std::vector<ConfigKind>& kinds) override {
    const ConfigKind* chosen = find_kind(kinds, kind);
    if (!chosen) return;
    keys_ += fmt::format("{} = {}\n", name, toml_string(kind));
    ConfigSection same(*this);
    chosen->bind(same);
  }
  void require(bool, std::string_view, std::string_view, std::string_view) override {}

 private:
  void write_section(std::string_view name, std::string_view open, std::string_view close,
                     const ConfigBinding& bind) {
    Writer inner(path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name));
    ConfigSection section(inner);
    bind(section);
    sections_ += fmt::format("\n{}{}{}\n{}", open, inner.path_, close, inner.text());
  }

  std::string path_;
  std::string keys_;
  std::string sections_;
};

// Lists keys: for the manual (one default element per array, every kind) or as they are set.
class Lister : public ConfigVisitor {
 public:
  enum class Scope { kManual, kValues };
  explicit Lister(Scope scope) : scope_(scope) {}

  std::vector<ConfigKey> keys;

  void field(std::string_view name, const ConfigTarget& target, std::string_view description) override {
    keys.push_back({prefix_ + std::string(name), type_name(target), toml_text(target).value_or(""), "",
                    std::string(description)});
  }
  void limit(const ConfigLimit& limit) override { keys.back().range = limit.text(); }
  void required() override { keys.back().value = scope_ == Scope::kManual ? "" : keys.back().value; }
  void section(std::string_view name, std::string_view description, const ConfigBinding& bind) override {
    list_section(std::string(name), "section", description, bind);
  }
  void sections(std::string_view name, std::string_view description, const ConfigArray& array) override {
    if (scope_ == Scope::kManual)
      return list_section(fmt::format("{}.N", name), "sections", description, array.bind_default);
    for (size_t i = 0; i < array.count; ++i)
      list_section(fmt::format("{}.{}", name, i), "sections", description,
                   [&](ConfigSection& inner) { array.bind(inner, i); });
  }
  void select(std::string_view name, std::string& kind, std::string_view description,
              const std::vector<ConfigKind>& kinds) override {
    const std::string value = kind.empty() ? "" : toml_string(kind);
    keys.push_back(
        {prefix_ + std::string(name), one_of(kind_names(kinds)), value, "", std::string(description)});
    ConfigSection same(*this);
    for (const auto& option : kinds) {
      if (scope_ == Scope::kValues && option.name != kind) continue;
      if (scope_ == Scope::kManual)
        keys.push_back({fmt::format("{}{} = \"{}\"", prefix_, name, option.name), "kind", "", "",
                        std::string(option.description)});
      option.bind(same);
    }
  }
  void require(bool, std::string_view, std::string_view, std::string_view) override {}

 private:
  void list_section(const std::string& name, std::string_view type, std::string_view description,
                    const ConfigBinding& bind) {
    if (scope_ == Scope::kManual)
      keys.push_back({prefix_ + name, std::string(type), "", "", std::string(description)});
    const std::string outer = prefix_;
    prefix_ += name + ".";
    ConfigSection section(*this);
    bind(section);
    prefix_ = outer;
  }

  Scope scope_;
  std::string prefix_;
};

std::vector<ConfigKey> list_keys(const ConfigBinding& bind, Lister::Scope scope) {
  Lister lister(scope);
  ConfigSection section(lister);
  bind(section);
  return std::move(lister.keys);
}

const ConfigKey* find_key(const std::vector<ConfigKey>& keys, std::string_view path) {
  for (const auto& key : keys)
    if (key.path == path) return &key;
  return nullptr;
}

}  // namespace

std::optional<std::string> toml_text(const ConfigTarget& target) { return std::visit(ToText(), target); }

std::string type_name(const ConfigTarget& target) { return std::visit(ToTypeName(), target); }

// A literal string ('...') where that saves escapes, as in a prompt with \boxed{}.
std::string toml_string(std::string_view text) {
  const bool has_control =
      std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  const bool needs_escape = text.find_first_of("\\\"") != std::string_view::npos;
  if (needs_escape && !has_control && text.find('\'') == std::string_view::npos)
    return fmt::format("'{}'", text);
  std::string quoted = "\"";
  for (unsigned char c : text) {
    if (c == '"' || c == '\\')
      quoted += {'\\', static_cast<char>(c)};
    else if (c == '\n')
      quoted += "\\n";
    else if (c < 0x20 || c == 0x7f)
      quoted += fmt::format("\\u{:04X}", c);
    else
      quoted += static_cast<char>(c);
  }
  return quoted + '"';
}

std::string one_of(const std::vector<std::string>& names) {
  std::string text = "one of ";
  for (const auto& name : names) text += fmt::format("{}\"{}\"", &name == &names.front() ? "" : ", ", name);
  return text;
}

std::vector<std::string> kind_names(const std::vector<ConfigKind>& kinds) {
  std::vector<std::string> names;
  for (const auto& kind : kinds) names.emplace_back(kind.name);
  return names;
}

const ConfigKind* find_kind(const std::vector<ConfigKind>& kinds, std::string_view name) {
  for (const auto& kind : kinds)
    if (kind.name == name) return &kind;
  return nullptr;
}

bool ConfigLimit::holds(double value) const {
  const bool above_low = !low || (excludes_low ? value > *low : value >= *low);
  const bool below_high = !high || value <= *high;
  return above_low && below_high && !std::isnan(value);
}

std::string ConfigLimit::text() const {
  std::string text;
  if (low) text = fmt::format("{} {}", excludes_low ? ">" : ">=", *low);
  if (high) text += fmt::format("{}<= {}", text.empty() ? "" : " and ", *high);
  return text;
}

ConfigField& ConfigField::range(double low, double high) {
  visitor_.limit({.low = low, .high = high});
  return *this;
}

ConfigField& ConfigField::at_least(double low) {
  visitor_.limit({.low = low, .high = {}});
  return *this;
}

ConfigField& ConfigField::above(double low) {
  visitor_.limit({.low = low, .high = {}, .excludes_low = true});
  return *this;
}

ConfigField& ConfigField::required() {
  visitor_.required();
  return *this;
}

void ConfigSection::select(std::string_view name, std::string& kind, std::string_view description,
                           const std::vector<ConfigKind>& kinds) {
  visitor_.select(name, kind, description, kinds);
}

void ConfigSection::foreign_names(std::span<const ConfigForeignName> names) { visitor_.foreign_names(names); }

void ConfigSection::require(bool holds, std::string_view name, std::string_view what,
                            std::string_view remedy) {
  visitor_.require(holds, name, what, remedy);
}

ConfigField ConfigSection::one_of(std::string_view name, std::string& value, std::string_view description,
                                  std::vector<std::string> names) {
  ConfigChoice target;
  target.names = std::move(names);
  target.get = [&value, names = target.names]() -> std::optional<size_t> {
    const auto found = std::ranges::find(names, value);
    return found == names.end() ? std::nullopt : std::optional(static_cast<size_t>(found - names.begin()));
  };
  target.set = [&value, names = target.names](size_t i) { value = names[i]; };
  return bind_field(name, std::move(target), description);
}

ConfigField ConfigSection::bind_field(std::string_view name, ConfigTarget target,
                                      std::string_view description) {
  visitor_.field(name, target, description);
  return ConfigField(visitor_);
}

void ConfigSection::bind_section(std::string_view name, std::string_view description,
                                 const ConfigBinding& bind) {
  visitor_.section(name, description, bind);
}

void ConfigSection::bind_sections(std::string_view name, std::string_view description, size_t count,
                                  const std::function<void(size_t)>& resize,
                                  const std::function<void(ConfigSection&, size_t)>& bind,
                                  const ConfigBinding& bind_default) {
  visitor_.sections(name, description, {count, resize, bind, bind_default});
}

std::string write_config_text(const ConfigBinding& bind) {
  Writer writer("");
  ConfigSection section(writer);
  bind(section);
  return writer.text();
}

std::vector<ConfigKey> config_keys(const ConfigBinding& bind) {
  return list_keys(bind, Lister::Scope::kManual);
}

std::vector<ConfigDifference> config_differences(const ConfigBinding& before, const ConfigBinding& after) {
  const auto old_keys = list_keys(before, Lister::Scope::kValues);
  const auto new_keys = list_keys(after, Lister::Scope::kValues);
  std::vector<ConfigDifference> differences;
  for (const auto& key : old_keys) {
    const ConfigKey* now = find_key(new_keys, key.path);
    const std::string value = now ? now->value : "";
    if (value != key.value) differences.push_back({key.path, key.value, value});
  }
  for (const auto& key : new_keys)
    if (!find_key(old_keys, key.path) && !key.value.empty()) differences.push_back({key.path, "", key.value});
  return differences;
}

std::string read_config_file(const std::filesystem::path& path) { return read_file(path); }

}  // namespace deepscaler
