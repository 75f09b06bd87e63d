#include "capi/check_options.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/nearest.h"
#include "formats/json_text.h"

namespace deepscaler {
namespace {

using nlohmann::json;

constexpr const char* kWhere = "options";
constexpr int64_t kMostSteps = 10'000'000;  // of one comparison: about a second

// Takes keys out of an object, so that what is left is unknown.
class Reader {
 public:
  explicit Reader(json object) : object_(std::move(object)) {}

  void flag(const char* key, bool& value) {
    const json given = take(key);
    if (given.is_null()) return;
    if (!given.is_boolean()) refuse(key, "is neither true nor false", "give one of them");
    value = given.get<bool>();
  }

  template <class Integer>
  void integer(const char* key, Integer& value, int64_t low, int64_t high) {
    const json given = take(key);
    if (given.is_null()) return;
    // Unsigned ones beyond 63 bits would come out negative.
    const bool fits = given.is_number_integer() && given <= high && given >= low;
    if (!fits) refuse(key, "is out of range", fmt::format("give a whole number from {} to {}", low, high));
    value = static_cast<Integer>(given.get<int64_t>());
  }

  template <class Enum>
  void choice(const char* key, Enum& value, const char* first, Enum first_value, const char* second,
              Enum second_value) {
    const json given = take(key);
    if (given.is_null()) return;
    if (given == first)
      value = first_value;
    else if (given == second)
      value = second_value;
    else
      refuse(key, "has no such value", fmt::format("give \"{}\" or \"{}\"", first, second));
  }

  void refuse_the_rest() const {
    if (object_.empty()) return;
    const std::string& key = object_.begin().key();
    throw Error(kWhere, fmt::format("unknown key \"{}\"", key), suggest_name(key, known_));
  }

 private:
  json take(const char* key) {
    known_.emplace_back(key);
    const auto found = object_.find(key);
    if (found == object_.end()) return nullptr;
    json value = std::move(*found);
    object_.erase(found);
    if (value.is_null()) refuse(key, "is null", "leave it out for the default");
    return value;
  }

  [[noreturn]] static void refuse(const char* key, const char* what, const std::string& remedy) {
    throw Error(kWhere, fmt::format("\"{}\" {}", key, what), remedy);
  }

  json object_;
  std::vector<std::string> known_;
};

}  // namespace

CheckOptions parse_check_options(std::string_view text) {
  json object = parse_json(text, kWhere);
  if (!object.is_object()) throw Error(kWhere, "not a JSON object", R"(write {"extract": "any"}, or {})");
  Reader reader(std::move(object));
  CheckOptions options;
  GradeOptions& grade = options.grade;
  Policy& policy = grade.policy;
  reader.choice("extract", grade.extract, "boxed", ExtractMode::boxed, "any", ExtractMode::any);
  reader.choice("grader", options.kind, "answer", CheckKind::answer, "countdown", CheckKind::countdown);
  reader.flag("prompt_opened_thinking", grade.prompt_opened_thinking);
  reader.flag("percent_may_be_dropped", policy.percent_may_be_dropped);
  reader.flag("units_may_be_dropped", policy.units_may_be_dropped);
  reader.flag("names_may_be_dropped", policy.names_may_be_dropped);
  reader.flag("lists_are_ordered", policy.lists_are_ordered);
  reader.flag("asked_names_may_be_given", policy.asked_names_may_be_given);
  reader.flag("references_may_be_rounded", policy.references_may_be_rounded);
  reader.flag("inequalities_may_be_pairs", policy.inequalities_may_be_pairs);
  reader.flag("letters_may_differ", policy.letters_may_differ);
  reader.integer("decimal_places", policy.decimal_places, 1, 15);
  reader.flag("accept_numeric_agreement", policy.accept_numeric_agreement);
  reader.integer("step_limit", policy.step_limit, 1, kMostSteps);
  reader.refuse_the_rest();
  return options;
}

}  // namespace deepscaler
