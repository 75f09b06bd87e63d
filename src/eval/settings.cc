#include "eval/settings.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "base/sha256.h"
#include "data/problem_set.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

// The keys of the JSON beside their variables: one list for writing, reading and comparing.
template <class Settings, class Visit>
void each_field(Settings& s, const Visit& visit) {
  visit("model", s.model);
  visit("model_hash", s.model_hash);
  visit("endpoint", s.endpoint);
  visit("request_fields", s.request_fields);
  visit("prompt", s.prompt);
  visit("system", s.system);
  visit("chat_template_kwargs", s.chat_template_kwargs);
  visit("date", s.date);
  visit("kernels", s.kernels);
  visit("dtype", s.dtype);
  visit("products", s.products);
  visit("kv", s.kv);
  visit("samples", s.config.samples);
  for_each_setting(s.config.sampling, visit);
  visit("seed", s.config.seed);
}

// 0.95f as 0.95, not as the double that is closest to the float.
Json value_json(float value) { return std::stod(fmt::format("{}", value)); }
template <class Value>
Json value_json(const Value& value) {
  return value;
}

// Keys that are there only where they say something.
bool is_left_out(std::string_view name, const Json& value) {
  constexpr std::string_view kNames[] = {"endpoint", "request_fields", "chat_template_kwargs",
                                         "date",     "products",       "kv"};
  return value == "" && std::ranges::find(kNames, name) != std::end(kNames);
}

const EvalSet* find_set(const EvalSettings& settings, const std::string& name) {
  const auto found = std::ranges::find(settings.sets, name, &EvalSet::name);
  return found == settings.sets.end() ? nullptr : &*found;
}

std::string describe(const EvalSet* set) {
  return set == nullptr ? "none" : fmt::format("{} problems, sha256 {:.12}", set->problems, set->sha256);
}

}  // namespace

void bind(ConfigSection& section, EvalConfig& config) {
  section.field("samples", config.samples, "answers sampled a problem").range(1, 1 << 20);
  bind(section, config.sampling);
}

std::vector<EvalSet> sets_of(std::span<const Problem> problems) {
  std::vector<EvalSet> sets;
  std::map<std::string, Sha256> hashes;
  for (const Problem& problem : problems) {
    auto set = std::ranges::find(sets, problem.source, &EvalSet::name);
    if (set == sets.end()) set = sets.insert(set, {.name = problem.source});
    ++set->problems;
    hashes[problem.source].add(problem_line(problem) + "\n");
  }
  for (EvalSet& set : sets) set.sha256 = hashes[set.name].hex();
  return sets;
}

Json settings_json(const EvalSettings& settings) {
  Json json;
  each_field(settings, [&](const char* name, const auto& value) {
    if (Json written = value_json(value); !is_left_out(name, written)) json[name] = std::move(written);
  });
  Json& sets = json["sets"] = Json::array();
  for (const EvalSet& set : settings.sets) {
    sets.push_back({{"name", set.name}, {"problems", set.problems}, {"sha256", set.sha256}});
  }
  return json;
}

EvalSettings parse_settings(const nlohmann::json& json, const std::string& where) {
  EvalSettings settings;
  try {
    each_field(settings, [&](const char* name, auto& value) {
      if (json.contains(name) || !is_left_out(name, "")) json.at(name).get_to(value);
    });
    for (const auto& set : json.at("sets")) {
      settings.sets.push_back({set.at("name"), set.at("problems"), set.at("sha256")});
    }
  } catch (const Json::exception&) {
    throw Error(where, "holds no settings of an evaluation", "name a file that `deepscaler eval` wrote");
  }
  return settings;
}

std::vector<SettingsDifference> differences(const EvalSettings& before, const EvalSettings& after) {
  std::vector<SettingsDifference> found;
  const Json left = settings_json(before), right = settings_json(after);
  each_field(before, [&](const char* name, const auto&) {
    const Json a = left.value(name, Json("")), b = right.value(name, Json(""));
    if (a != b) found.push_back({name, a.dump(), b.dump()});
  });
  const auto compare_set = [&](const std::string& name) {
    const EvalSet *a = find_set(before, name), *b = find_set(after, name);
    if (a == nullptr || b == nullptr || *a != *b) {
      found.push_back({"set " + name, describe(a), describe(b)});
    }
  };
  for (const EvalSet& set : before.sets) compare_set(set.name);
  for (const EvalSet& set : after.sets) {
    if (find_set(before, set.name) == nullptr) compare_set(set.name);
  }
  return found;
}

}  // namespace deepscaler
