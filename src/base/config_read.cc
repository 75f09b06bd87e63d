// Reading: TOML text, then overrides, then the bind function over the tables.
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/config.h"
#include "base/config_suggest.h"
#include "base/config_visitor.h"
#include "base/error.h"
#include "base/nearest.h"

namespace deepscaler {
namespace {

struct Override {
  std::string path;
  std::string text;  // as the user wrote it
};

// What messages need to say where something was written.
struct Source {
  std::string name;
  std::vector<Override> overrides;
  const ConfigBinding& root;
  std::span<const ConfigForeignName> foreign;
};

std::string where(const Source& source, std::string_view path, const toml::node* node) {
  const std::string inside = fmt::format("{}.", path);
  for (const auto& override : source.overrides)
    if (override.path == path || override.path.starts_with(inside))
      return fmt::format("--set {}", override.text);
  if (node && node->source().begin.line > 0)
    return fmt::format("{}:{}", source.name, node->source().begin.line);
  return source.name;
}

std::string found_type(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::array:
      return node.is_array_of_tables() ? "an array of sections" : "a list";
    case toml::node_type::table:
      return "a section";
    default:
      return "a date or time";
  }
}

// Puts a node's value into a variable; false when the types don't fit.
bool assign(const toml::node& node, bool& value) {
  const auto* found = node.as_boolean();
  if (found) value = found->get();
  return found != nullptr;
}
bool assign(const toml::node& node, int64_t& value) {
  const auto* found = node.as_integer();
  if (found) value = found->get();
  return found != nullptr;
}
bool assign(const toml::node& node, double& value) {
  if (!node.is_number()) return false;
  value = *node.value<double>();
  return true;
}
bool assign(const toml::node& node, float& value) {
  double number = 0;
  if (!assign(node, number)) return false;
  value = static_cast<float>(number);
  return true;
}
bool assign(const toml::node& node, std::string& value) {
  const auto* found = node.as_string();
  if (found) value = found->get();
  return found != nullptr;
}
bool assign(const toml::node& node, std::vector<std::string>& values) {
  const auto* list = node.as_array();
  if (!list) return false;
  values.clear();
  for (const auto& element : *list) {
    if (!element.is_string()) return false;
    values.push_back(element.as_string()->get());
  }
  return true;
}

bool assign(const toml::node& node, std::vector<double>& values) {
  const auto* list = node.as_array();
  if (!list) return false;
  values.clear();
  for (const auto& element : *list) {
    if (!assign(element, values.emplace_back())) return false;
  }
  return true;
}

// The first escape in a text that was meant as a backslash: "\\boxed" for a backspace and "oxed". Line breaks
// and tabs are text, but for those that begin a frequent LaTeX command.
std::optional<std::string> swallowed_backslash(std::string_view text) {
  static constexpr std::string_view kOfTabs[] = {"ext", "imes", "heta", "frac"};
  static constexpr std::string_view kOfBreaks[] = {"eq", "abla", "otin"};
  static constexpr std::string_view kControls = "\b\t\n\f\r", kLetters = "btnfr";
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t known = kControls.find(text[i]);
    if (known == std::string_view::npos) continue;
    size_t end = i + 1;
    while (end < text.size() && std::isalpha(static_cast<unsigned char>(text[end])) != 0) ++end;
    const std::string_view word = text.substr(i + 1, end - i - 1);
    if (text[i] == '\n' && std::ranges::count(kOfBreaks, word) == 0) continue;
    if (text[i] == '\t' && std::ranges::count(kOfTabs, word) == 0) continue;
    if (text[i] == '\r' && text.substr(i).starts_with("\r\n")) continue;  // of a file with such line ends
    return fmt::format("\\{}{}", kLetters[known], word);
  }
  return std::nullopt;
}

bool is_index(const std::string& part) {
  return !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts(1);
  for (char c : path) {
    if (c == '.')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

// Whether a section has this key, or these keys in it, when it is of another kind.
bool is_of_other_kind(std::string_view path, std::span<const ConfigKey> keys) {
  std::vector<std::string> parts = split_path(path);
  for (std::string& part : parts) {
    if (is_index(part)) part = "N";
  }
  const std::string inside = fmt::format("{}.", fmt::join(parts, "."));
  return std::ranges::any_of(
      keys, [&](const ConfigKey& key) { return fmt::format("{}.", key.path).starts_with(inside); });
}

// Binds one section. Of what is missing or does not fit together the first is kept until all keys are known:
// an unknown key may be the one that is missing.
class Reader : public ConfigVisitor {
 public:
  Reader(Source& source, std::string path, const toml::table& table)
      : source_(source), path_(std::move(path)), table_(table) {}

  // Binds every key of this table, then refuses those that nothing asked for.
  void read(const ConfigBinding& bind) {
    ConfigSection section(*this);
    bind(section);
    for (const auto& [key, node] : table_) {
      const std::string name(key.str());
      if (std::find(known_.begin(), known_.end(), name) == known_.end()) refuse_unknown(name, node);
    }
    if (missing_) throw *missing_;
  }

  void field(std::string_view name, const ConfigTarget& target, std::string_view) override {
    node_ = find(name);
    name_ = name;
    target_ = target;
    if (node_)
      std::visit([this](auto& variable) { read_value(variable); }, target_);
    else
      check_optional_default();
  }

  void limit(const ConfigLimit& limit) override {
    if (!node_ || !node_->is_number()) return;
    const double value = *node_->value<double>();
    if (!limit.holds(value))
      throw Error(here(), fmt::format("\"{}\" must be {}, not {}", full(name_), limit.text(), value),
                  "change the value");
  }

  void required() override {
    if (!node_) note_missing(name_, type_name(target_));
  }

  void section(std::string_view name, std::string_view, const ConfigBinding& bind) override {
    const toml::table empty;
    const toml::node* node = find(name);
    if (node && !node->is_table()) fail_type(name, *node, "a section");
    Reader(source_, full(name), node ? *node->as_table() : empty).read(bind);
  }

  void sections(std::string_view name, std::string_view, const ConfigArray& array) override {
    const toml::node* node = find(name);
    if (!node) return;
    const toml::array* list = node->as_array();
    if (!list || !(list->empty() || list->is_array_of_tables()))
      fail_type(name, *node, fmt::format("an array of sections ([[{}]])", name));
    array.resize(list->size());
    for (size_t i = 0; i < list->size(); ++i)
      Reader(source_, fmt::format("{}.{}", full(name), i), *list->get(i)->as_table())
          .read([&](ConfigSection& inner) { array.bind(inner, i); });
  }

  void select(std::string_view name, std::string& kind, std::string_view,
              const std::vector<ConfigKind>& kinds) override {
    const auto names = kind_names(kinds);
    const toml::node* node = find(name);
    if (node && !assign(*node, kind)) fail_type(name, *node, one_of(names));
    if (!node && kind.empty()) {
      note_missing(name, one_of(names));
      return know_all_of(kinds);
    }
    const ConfigKind* chosen = find_kind(kinds, kind);
    DEEPSCALER_CHECK(chosen || node, "the default of {} is none of its kinds", full(name));
    if (!chosen) fail_choice(name, *node, kind, names);
    ConfigSection same(*this);
    chosen->bind(same);
  }

  void require(bool holds, std::string_view name, std::string_view what, std::string_view remedy) override {
    if (holds || missing_) return;
    const toml::node* node = table_.get(name);
    missing_ = Error(where(source_, full(name), node ? node : &table_),
                     fmt::format("\"{}\" {}", full(name), what), remedy);
  }
  void foreign_names(std::span<const ConfigForeignName> names) override { source_.foreign = names; }

 private:
  std::string full(std::string_view name) const {
    return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
  }
  std::string here() const { return where(source_, full(name_), node_); }

  // Of a section that is no slip for one of ours, a key is named: other programs have theirs there.
  [[noreturn]] void refuse_unknown(const std::string& name, const toml::node& node) const {
    const std::vector<ConfigKey> keys = config_keys(source_.root);
    std::string path = name, asked = name;
    const toml::node* at = &node;
    const bool descends = !nearest_name(name, known_) && !is_of_other_kind(full(name), keys);
    while (descends && at->is_table() && !at->as_table()->empty()) {
      const toml::table& table = *at->as_table();
      asked = table.begin()->first.str();
      path += "." + asked;
      at = table.get(asked);
    }
    for (const ConfigForeignName& other : source_.foreign) {  // "val_kwargs.n" says more than "n"
      const bool is_end = fmt::format(".{}", path).ends_with(fmt::format(".{}", other.name));
      if (is_end && other.name.size() > asked.size()) asked = other.name;
    }
    throw Error(where(source_, full(path), at), fmt::format("unknown key \"{}\"", full(path)),
                suggest_key(path_, asked, known_, keys, source_.foreign));
  }

  const toml::node* find(std::string_view name) {
    known_.emplace_back(name);
    return table_.get(name);
  }

  template <class T>
  void read_value(T* variable) {
    T value{};
    if (!assign(*node_, value)) fail_type(name_, *node_, type_name(target_));
    check(value);
    *variable = std::move(value);
  }
  template <class T>
  void read_value(std::optional<T>* variable) {
    T value{};
    if (!assign(*node_, value)) fail_type(name_, *node_, type_name(target_));
    check(value);
    *variable = std::move(value);
  }
  void check_text(const std::string& text) const {
    if (const auto written = swallowed_backslash(text)) {
      throw Error(
          here(),
          fmt::format("\"{}\" has {}, which TOML takes for a control character", full(name_), *written),
          fmt::format("write \\{}, or put the text between single quotes", *written));
    }
    const auto control = std::ranges::find_if(
        text, [](unsigned char c) { return (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f; });
    if (control == text.end()) return;
    throw Error(here(),
                fmt::format("\"{}\" has the control character {:#04x}", full(name_),
                            static_cast<unsigned char>(*control)),
                "remove it");
  }
  void check(const std::string& text) const { check_text(text); }
  void check(const std::vector<std::string>& texts) const {
    for (const std::string& text : texts) check_text(text);
  }
  template <class T>
  void check(const T& value) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value))
        throw Error(here(), fmt::format("\"{}\" must be finite, not {}", full(name_), value),
                    "change the value");
    }
  }
  void read_value(const ConfigChoice& choice) {
    std::string name;
    if (!assign(*node_, name)) fail_type(name_, *node_, type_name(target_));
    const auto position = std::find(choice.names.begin(), choice.names.end(), name);
    if (position == choice.names.end()) fail_choice(name_, *node_, name, choice.names);
    choice.set(static_cast<size_t>(position - choice.names.begin()));
  }

  // An optional with a default could not be written back as absent.
  void check_optional_default() const {
    const auto* choice = std::get_if<ConfigChoice>(&target_);
    const bool optional = target_.index() > 6 && (!choice || choice->optional);
    DEEPSCALER_CHECK(!optional || !toml_text(target_), "optional {} has a default", full(name_));
  }

  [[noreturn]] void fail_type(std::string_view name, const toml::node& node,
                              std::string_view expected) const {
    throw Error(where(source_, full(name), &node),
                fmt::format("\"{}\" must be {}, not {}", full(name), expected, found_type(node)),
                expected == "a list of strings" && node.is_string()
                    ? fmt::format("write [\"{}\"]", node.as_string()->get())
                    : "change the value");
  }
  void note_missing(std::string_view name, std::string_view expected) {
    if (missing_) return;
    missing_ = Error(where(source_, full(name), &table_), fmt::format("missing key \"{}\"", full(name)),
                     fmt::format("set it to {}", expected));
  }
  // Where a section's kind is missing, the keys of all kinds are known.
  void know_all_of(const std::vector<ConfigKind>& kinds) {
    for (const ConfigKind& kind : kinds) {
      for (const ConfigKey& key : config_keys(kind.bind)) {
        known_.push_back(key.path.substr(0, key.path.find('.')));
      }
    }
  }
  [[noreturn]] void fail_choice(std::string_view name, const toml::node& node, std::string_view value,
                                const std::vector<std::string>& names) const {
    throw Error(where(source_, full(name), &node), fmt::format("\"{}\" can't be \"{}\"", full(name), value),
                suggest_name(value, names));
  }

  Source& source_;
  std::string path_;
  const toml::table& table_;
  std::vector<std::string> known_;
  const toml::node* node_ = nullptr;  // of the last field; null when absent
  std::string name_;
  ConfigTarget target_;
  std::optional<Error> missing_;
};

toml::table parse(std::string_view text, std::string_view name) {
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    throw Error(fmt::format("{}:{}", name, error.source().begin.line), error.description(),
                "correct the TOML there");
  }
}

// The override's value: TOML if it parses, else (a bare word, a path) a string.
toml::table parse_value(const std::string& text) {
  try {
    auto table = toml::parse("value = " + text);
    if (table.size() == 1) return table;
  } catch (const toml::parse_error&) {
  }
  return toml::table{{"value", text}};
}

[[noreturn]] void fail_override(const Override& override, std::string_view what) {
  throw Error(fmt::format("--set {}", override.text), what, "write --set section.key=value");
}

// The node that the next part of an override's path names: a section (added where the file leaves it
// out) or an element of an array of sections (which may get more where the file has no such array). `next` is
// the part after it.
toml::node& step_into(toml::node& node, const std::string& part, const std::string& next,
                      const Override& override) {
  if (auto* table = node.as_table()) {
    if (is_index(next)) return table->insert(part, toml::array()).first->second;
    return table->insert(part, toml::table()).first->second;
  }
  auto* list = node.as_array();
  if (!list) fail_override(override, fmt::format("there is no section in which to look for \"{}\"", part));
  size_t index = 0;
  const auto [end, fault] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (fault != std::errc() || end != part.data() + part.size())
    fail_override(override, fmt::format("\"{}\" must be the number of a section, counted from 0", part));
  const bool is_of_overrides = list->source().begin.line == 0;
  if (is_of_overrides && index == list->size()) list->push_back(toml::table());
  if (index >= list->size())
    fail_override(override, fmt::format("there is no section {}, the file has {}", index, list->size()));
  return *list->get(index);
}

void apply(toml::table& root, const Override& override) {
  const auto parts = split_path(override.path);
  toml::node* node = &root;
  for (size_t i = 0; i + 1 < parts.size(); ++i) node = &step_into(*node, parts[i], parts[i + 1], override);
  toml::table* table = node->as_table();
  if (!table) fail_override(override, "the path does not end in a key of a section");
  const auto value = parse_value(override.text.substr(override.path.size() + 1));
  table->insert_or_assign(parts.back(), *value.get("value"));
}

}  // namespace

void read_config_text(std::string_view text, std::string_view name, std::span<const std::string> overrides,
                      const ConfigBinding& bind) {
  toml::table root = parse(text, name);
  Source source{std::string(name), {}, bind, {}};
  for (const auto& text_of_override : overrides) {
    Override override{text_of_override.substr(0, text_of_override.find('=')), text_of_override};
    if (override.path.empty() || override.path.size() == text_of_override.size())
      fail_override(override, "is not of the form path=value");
    source.overrides.push_back(override);
    apply(root, override);
  }
  Reader(source, "", root).read(bind);
}

}  // namespace deepscaler
