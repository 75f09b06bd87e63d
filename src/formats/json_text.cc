#include "formats/json_text.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/trim.h"
#include "formats/excerpt.h"
#include "formats/lfs_pointer.h"

namespace deepscaler {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kMaxDepth = 100;

constexpr const char* kGetModelAgain = "the file is damaged; get the model again";

// An object in order finds its keys one after the other.
constexpr size_t kMaxKeysInOrder = 10000;

enum class Integers { kRounded, kExact };

// The first integer outside strings that has more than 64 bits; empty where there is none.
std::string_view huge_integer(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\';
      ++at;
    } else if (text[at] >= '0' && text[at] <= '9') {
      const size_t end = std::min(text.find_first_not_of("0123456789.eE+-", at), text.size());
      const std::string_view number = text.substr(at, end - at);
      const bool negative = at > 0 && text[at - 1] == '-';
      uint64_t value = 0;
      const bool fits =
          std::from_chars(number.data(), number.data() + number.size(), value).ec == std::errc() &&
          (!negative || value <= uint64_t{1} << 63);
      if (number.find_first_of(".eE") == std::string_view::npos && !fits) return number;
      at = end;
    } else {
      ++at;
    }
  }
  return {};
}

// Watches the parser's events: one set of keys for every object that is open.
class Watch {
 public:
  Watch(std::string_view text, const std::string& where, Integers integers, size_t max_keys)
      : text_(text), where_(where), integers_(integers), max_keys_(max_keys) {}

  template <class Json>
  bool operator()(int, typename Json::parse_event_t event, const Json& value) {
    using Event = typename Json::parse_event_t;
    switch (event) {
      case Event::object_start:
      case Event::array_start:
        if (keys_.size() == kMaxDepth) {
          throw Error(where_, fmt::format("JSON nested deeper than {} levels", kMaxDepth), "flatten it");
        }
        keys_.emplace_back();
        break;
      case Event::object_end:
      case Event::array_end:
        keys_.pop_back();
        break;
      case Event::key:
        add(value.template get_ref<const std::string&>());
        break;
      case Event::value:
        if (integers_ == Integers::kExact && value.is_number_float())
          refuse_rounded(value.template get<double>());
        break;
    }
    return true;
  }

 private:
  void add(const std::string& key) {
    if (!keys_.back().insert(key).second) {
      throw Error(where_, "JSON key " + excerpt(key) + " appears twice in one object", "remove one of them");
    }
    if (keys_.back().size() > max_keys_) {
      throw Error(where_, fmt::format("a JSON object of more than {} keys", max_keys_), "make it a list");
    }
  }

  // The parser gives an integer that is too large as a float. Looking at the text costs little: once a
  // record.
  void refuse_rounded(double value) {
    if (std::abs(value) < 0x1p63) return;
    const std::string_view huge = huge_integer(text_);
    integers_ = Integers::kRounded;
    if (!huge.empty()) {
      throw Error(where_, "an integer of more than 64 bits: " + excerpt(huge), "write it as a string");
    }
  }

  std::string_view text_;
  const std::string& where_;
  Integers integers_;
  size_t max_keys_;
  std::vector<std::unordered_set<std::string>> keys_;
};

enum class Origin { kWritten, kModel };

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The word around a position: "NaN" in {"answer": NaN}.
std::string_view word_at(std::string_view text, size_t at) {
  size_t begin = at, end = at;
  while (begin > 0 && is_letter(text[begin - 1])) --begin;
  while (end < text.size() && is_letter(text[end])) ++end;
  return text.substr(begin, end - begin);
}

// What Python and JavaScript write, and JSON does not have. `at` is the position of the fault.
void refuse_other_notation(std::string_view text, size_t at, const std::string& where) {
  if (trim(text) == "{") {
    throw Error(where, "holds only {", "write each JSON value into one line, or all of them into one list");
  }
  if (at >= text.size()) return;
  if (const std::string_view word = word_at(text, at);
      !word.empty() && word.data() + word.size() != text.data() + text.size()) {
    throw Error(
        where,
        fmt::format("has the word {} at byte {}, which is no JSON", word, word.data() - text.data() + 1),
        "write null, true, false or a number, or put a text between double quotes");
  }
  if (text[at] == '\'') {
    throw Error(where, fmt::format("has a single quote at byte {}, and JSON has double ones", at + 1),
                "write it as JSON (in Python: json.dumps)");
  }
  const std::string_view before = trim(text.substr(0, at));
  if ((text[at] == '}' || text[at] == ']') && before.ends_with(',')) {
    throw Error(where, fmt::format("has a comma before the {} at byte {}", text[at], at + 1),
                "remove the comma");
  }
}

// What the text may be instead decides the advice.
[[noreturn]] void refuse(std::string_view text, const json::parse_error& error, const std::string& where,
                         Origin origin) {
  if (origin == Origin::kModel) throw Error(where, "is not a JSON object", kGetModelAgain);
  constexpr size_t kShown = 20;
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") || text.substr(0, 2).find('\0') == 1) {
    throw Error(where, "is UTF-16, and JSON is UTF-8", "save the file as UTF-8");
  }
  if (std::string_view(error.what()).find("ill-formed UTF-8") != std::string_view::npos) {
    throw Error(where, fmt::format("is not UTF-8 at byte {}", error.byte), "save the file as UTF-8");
  }
  if (std::string_view(error.what()).find("surrogate") != std::string_view::npos) {
    throw Error(
        where,
        fmt::format("has half of a character at byte {}: a surrogate without its other half", error.byte),
        "write the whole character, or leave it out");
  }
  const std::string_view value = trim(text);
  if (!value.empty() && value[0] != '{' && value[0] != '[') {
    throw Error(where, fmt::format("is not JSON: it begins with {}", excerpt(value.substr(0, kShown))),
                "give JSON, or JSON Lines: an object {\"key\": value} a line");
  }
  if (error.byte > 1 && json::accept(text.substr(0, error.byte - 1))) {
    throw Error(where, fmt::format("goes on after its JSON value, at byte {}", error.byte),
                "put each value into a line or a file of its own");
  }
  if (error.byte > 0) refuse_other_notation(text, error.byte - 1, where);
  throw Error(where, fmt::format("not valid JSON at byte {}", error.byte), "check that the file is complete");
}

template <class Json>
Json parse(std::string_view text, const std::string& where, Watch watch, Origin origin = Origin::kWritten) {
  try {
    return Json::parse(text.begin(), text.end(),
                       [&](int depth, typename Json::parse_event_t event, Json& value) {
                         return watch(depth, event, value);
                       });
  } catch (const typename Json::parse_error& error) {
    refuse_lfs_pointer(text, where);
    refuse(text, error, where, origin);
  } catch (const typename Json::out_of_range&) {
    throw Error(where, "not valid JSON: a number is out of range", "write it as a string or make it smaller");
  }
}

}  // namespace

json parse_json(std::string_view text, const std::string& where) {
  return parse<json>(text, where, {text, where, Integers::kRounded, std::numeric_limits<size_t>::max()});
}

ordered_json parse_record(std::string_view text, const std::string& where) {
  return parse<ordered_json>(text, where, {text, where, Integers::kExact, kMaxKeysInOrder});
}

json parse_model_object(std::string_view text, const std::string& where) {
  const Watch watch(text, where, Integers::kRounded, std::numeric_limits<size_t>::max());
  json object = parse<json>(text, where, watch, Origin::kModel);
  if (!object.is_object()) throw Error(where, "is not a JSON object", kGetModelAgain);
  return object;
}

ordered_json read_record_file(const std::filesystem::path& path) {
  return parse_record(read_file(path), path.string());
}

json read_json_file(const std::filesystem::path& path) { return parse_json(read_file(path), path.string()); }

json read_model_object(const std::filesystem::path& path) {
  return parse_model_object(read_file(path), path.string());
}

std::string json_line(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace deepscaler
