#include "corpus/steps/pools.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/config.h"
#include "base/error.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

std::optional<double> number_in(const CorpusRecord& record, const std::string& key) {
  if (key == "difficulty") return record.difficulty;
  const auto field = std::ranges::find(record.fields, key, &std::pair<std::string, std::string>::first);
  if (field == record.fields.end()) return std::nullopt;
  const Json value = Json::parse(field->second);
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

bool is_file_name(const std::string& name) {
  return !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
}

}  // namespace

void PoolsStep::bind(ConfigSection& s) {
  s.field("by", by_, "the number that decides: \"pass_rate\", \"difficulty\" or another key of the records");
  s.field("names", names_, "of the pools, from the lowest numbers to the highest");
  s.field("edges", edges_,
          "rising numbers between the pools, one fewer than names; each begins the pool above");
}

void PoolsStep::validate(const std::string& where) const {
  if (edges_.size() + 1 != names_.size()) {
    throw Error(where + ".edges", fmt::format("are {} for {} pools", edges_.size(), names_.size()),
                "give one fewer than names");
  }
  if (!std::ranges::is_sorted(edges_, std::less_equal<>()))
    throw Error(where + ".edges", "do not rise", "order them from the lowest to the highest");
  for (const std::string& name : names_) {
    if (!is_file_name(name) || std::ranges::count(names_, name) > 1)
      throw Error(where + ".names", fmt::format("\"{}\" can't name a file of its own", name),
                  "use letters, digits and _, each name once");
  }
}

StepResult PoolsStep::run(CorpusRecords records, const StepContext& context) const {
  std::vector<int64_t> counts(names_.size());
  StepResult result = judge_each(std::move(records), context, [&](CorpusRecord& record) -> Judgement {
    const auto number = number_in(record, by_);
    if (!number) return dropped_for("no-number", {{"key", by_}});
    const auto pool = static_cast<size_t>(std::ranges::upper_bound(edges_, *number) - edges_.begin());
    record.split = (record.split.empty() ? "train" : record.split) + "_" + names_[pool];
    ++counts[pool];
    return {};
  });
  for (size_t i = 0; i < names_.size(); ++i) result.figures.emplace_back("in " + names_[i], counts[i]);
  return result;
}

}  // namespace deepscaler
