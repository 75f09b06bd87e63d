#include "trust/metrics_csv.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace deepscaler {
namespace {

using nlohmann::ordered_json;

// Names of rewards may have any character.
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string field_of(const ordered_json& line, const std::string& name) {
  const auto value = line.find(name);
  if (value == line.end() || value->is_null()) return "";
  return field(value->is_string() ? value->get<std::string>() : value->dump());
}

}  // namespace

std::string metrics_csv(const RecordedRun& run) {
  std::vector<std::string> names = {"step"};
  std::vector<ordered_json> rows;
  for (const auto& [step, lines] : run.lines) {
    for (const std::string& text : lines) {
      rows.push_back(ordered_json::parse(text));
      for (const auto& [name, value] : rows.back().items()) {
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
      }
    }
  }
  std::string csv;
  const auto add_row = [&](const auto& field_named) {
    for (size_t i = 0; i < names.size(); ++i) csv += (i > 0 ? "," : "") + field_named(names[i]);
    csv += "\r\n";
  };
  add_row(field);
  for (const ordered_json& row : rows) add_row([&](const std::string& name) { return field_of(row, name); });
  return csv;
}

}  // namespace deepscaler
