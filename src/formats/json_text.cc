#include "formats/json_text.h"

#include <nlohmann/json.hpp>
#include <unordered_set>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/trim.h"
#include "formats/excerpt.h"

namespace deepscaler {
namespace {

using nlohmann::json;

constexpr size_t kMaxDepth = 100;

// Watches the parser's events: one set of keys for every object that is open.
class Watch {
 public:
  explicit Watch(const std::string& where) : where_(where) {}

  bool operator()(int, json::parse_event_t event, const json& value) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        if (keys_.size() == kMaxDepth) {
          throw Error(where_, fmt::format("JSON nested deeper than {} levels", kMaxDepth), "flatten it");
        }
        keys_.emplace_back();
        break;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end:
        keys_.pop_back();
        break;
      case json::parse_event_t::key:
        add(value.get_ref<const std::string&>());
        break;
      case json::parse_event_t::value:
        break;
    }
    return true;
  }

 private:
  void add(const std::string& key) {
    if (keys_.back().insert(key).second) return;
    throw Error(where_, "JSON key " + excerpt(key) + " appears twice in one object", "remove one of them");
  }

  const std::string& where_;
  std::vector<std::unordered_set<std::string>> keys_;
};

// What the text may be instead decides the advice.
[[noreturn]] void refuse(std::string_view text, const json::parse_error& error, const std::string& where) {
  constexpr size_t kShown = 20;
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") || text.substr(0, 2).find('\0') == 1) {
    throw Error(where, "is UTF-16, and JSON is UTF-8", "save the file as UTF-8");
  }
  if (std::string_view(error.what()).find("ill-formed UTF-8") != std::string_view::npos) {
    throw Error(where, fmt::format("is not UTF-8 at byte {}", error.byte), "save the file as UTF-8");
  }
  const std::string_view value = trim(text);
  if (!value.empty() && value[0] != '{' && value[0] != '[') {
    throw Error(where, fmt::format("is not JSON: it begins with {}", excerpt(value.substr(0, kShown))),
                "give JSON, or JSON Lines: an object {\"key\": value} a line");
  }
  throw Error(where, fmt::format("not valid JSON at byte {}", error.byte), "check that the file is complete");
}

}  // namespace

json parse_json(std::string_view text, const std::string& where) {
  try {
    return json::parse(text.begin(), text.end(), Watch(where));
  } catch (const json::parse_error& error) {
    refuse(text, error, where);
  } catch (const json::out_of_range&) {
    throw Error(where, "not valid JSON: a number is out of range", "write it as a string or make it smaller");
  }
}

json read_json_file(const std::filesystem::path& path) { return parse_json(read_file(path), path.string()); }

}  // namespace deepscaler
