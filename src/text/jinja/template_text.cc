// Values as text: Python's str(), repr() and json.dumps(), digit for digit.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "text/jinja/template_value.h"
#include "text/unicode/unicode.h"

namespace deepscaler::jinja {
namespace {

// The shortest digits that give the number back, in Python's notation.
std::string real_text(double value, const char* infinity, const char* not_a_number) {
  if (std::isnan(value)) return not_a_number;
  if (std::isinf(value)) return fmt::format("{}{}", value < 0 ? "-" : "", infinity);
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string quoted(const std::string& text) {
  const bool double_quotes = text.find('\'') != std::string::npos && text.find('"') == std::string::npos;
  const char quote = double_quotes ? '"' : '\'';
  std::string repr(1, quote);
  for (size_t at = 0; at < text.size();) {
    const auto [code, bytes] = utf8_char_at(text, at);
    if (code == static_cast<char32_t>(quote) || code == '\\') {
      repr += '\\';
      repr += static_cast<char>(code);
    } else if (code == '\n') {
      repr += "\\n";
    } else if (code == '\r') {
      repr += "\\r";
    } else if (code == '\t') {
      repr += "\\t";
    } else if (is_printable(code)) {
      repr += text.substr(at, bytes);
    } else if (code < 0x100) {
      repr += fmt::format("\\x{:02x}", static_cast<uint32_t>(code));
    } else {
      repr += code < 0x10000 ? fmt::format("\\u{:04x}", static_cast<uint32_t>(code))
                             : fmt::format("\\U{:08x}", static_cast<uint32_t>(code));
    }
    at += bytes;
  }
  return repr + quote;
}

std::string joined_reprs(const std::vector<Value>& items) {
  std::string text;
  for (const Value& item : items) {
    if (!text.empty()) text += ", ";
    text += to_repr(item);
  }
  return text;
}

class JsonWriter {
 public:
  explicit JsonWriter(const JsonStyle& style) : style_(style) {}

  std::string text;

  void write(const Value& value) {
    if (value.is_none()) {
      text += "null";
    } else if (value.is<bool>()) {
      text += value.as<bool>() ? "true" : "false";
    } else if (value.is<int64_t>()) {
      text += std::to_string(value.as<int64_t>());
    } else if (value.is<double>()) {
      text += real_text(value.as<double>(), "Infinity", "NaN");
    } else if (value.is_text()) {
      write_string(value.str());
    } else if (value.is_list()) {
      write_items(value.items());
    } else if (value.is_dict()) {
      write_entries(value.object());
    } else {
      throw Fault("tojson: '" + std::string(value.type_name()) + "' is not JSON");
    }
  }

 private:
  void write_items(const std::vector<Value>& items) {
    begin('[');
    for (size_t i = 0; i < items.size(); ++i) {
      separate(i > 0);
      write(items[i]);
    }
    end(']', items.empty());
  }

  void write_entries(const Dict& dict) {
    std::vector<const std::pair<std::string, Value>*> entries;
    for (const auto& entry : dict.entries) entries.push_back(&entry);
    if (style_.sort_keys) {
      std::ranges::sort(entries, {}, [](const auto* entry) -> const std::string& { return entry->first; });
    }
    begin('{');
    for (size_t i = 0; i < entries.size(); ++i) {
      separate(i > 0);
      write_string(entries[i]->first);
      text += style_.separators ? style_.separators->second : ": ";
      write(entries[i]->second);
    }
    end('}', entries.empty());
  }

  void begin(char bracket) {
    text += bracket;
    ++level_;
  }
  // Before each element: a comma from the second on, then its place.
  void separate(bool comma) {
    if (comma) text += style_.separators ? style_.separators->first : style_.indent ? "," : ", ";
    if (style_.indent) break_line();
  }
  void end(char bracket, bool is_empty) {
    --level_;
    if (style_.indent && !is_empty) break_line();
    text += bracket;
  }
  void break_line() {
    text += '\n';
    text.append(static_cast<size_t>(std::clamp<int64_t>(*style_.indent, 0, 16)) * level_, ' ');
  }

  void write_string(const std::string& string) {
    text += '"';
    for (size_t at = 0; at < string.size();) {
      const auto [code, bytes] = utf8_char_at(string, at);
      write_char(code, std::string_view(string).substr(at, bytes));
      at += bytes;
    }
    text += '"';
  }

  void write_char(char32_t code, std::string_view as_utf8) {
    constexpr std::string_view kEscaped = "\"\\\n\r\t\f\b";
    constexpr std::string_view kLetters = "\"\\nrtfb";
    const size_t escape = code < 0x80 ? kEscaped.find(static_cast<char>(code)) : std::string_view::npos;
    if (escape != std::string_view::npos) {
      text += '\\';
      text += kLetters[escape];
    } else if (code < 0x20 || (style_.ascii_only && code >= 0x7f && code < 0x10000)) {
      // Python leaves DEL as it is.
      text += code == 0x7f ? "\x7f" : fmt::format("\\u{:04x}", static_cast<uint32_t>(code));
    } else if (style_.ascii_only && code >= 0x10000) {
      const uint32_t offset = static_cast<uint32_t>(code) - 0x10000;
      text += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (offset >> 10), 0xdc00 + (offset & 0x3ff));
    } else {
      text += as_utf8;
    }
  }

  const JsonStyle& style_;
  size_t level_ = 0;
};

}  // namespace

std::string to_text(const Value& value) {
  if (value.is_undefined()) return "";
  return value.is_text() ? value.str() : to_repr(value);
}

std::string to_repr(const Value& value) {
  if (value.is_undefined()) return "Undefined";
  if (value.is_none()) return "None";
  if (value.is<bool>()) return value.as<bool>() ? "True" : "False";
  if (value.is<int64_t>()) return std::to_string(value.as<int64_t>());
  if (value.is<double>()) return real_text(value.as<double>(), "inf", "nan");
  if (value.is_text()) return quoted(value.str());
  if (value.is_list()) {
    const std::string items = joined_reprs(value.items());
    if (!value.as<Value::List>()->is_tuple) return fmt::format("[{}]", items);
    return value.items().size() == 1 ? fmt::format("({},)", items) : fmt::format("({})", items);
  }
  if (value.is_dict()) {
    std::string text;
    for (const auto& [key, item] : value.object().entries) {
      if (!text.empty()) text += ", ";
      text += quoted(key) + ": " + to_repr(item);
    }
    return fmt::format("{{{}}}", text);
  }
  throw Fault("printing a '" + std::string(value.type_name()) + "' is not supported");
}

std::string to_json(const Value& value, const JsonStyle& style) {
  JsonWriter writer(style);
  writer.write(value);
  return std::move(writer.text);
}

}  // namespace deepscaler::jinja
