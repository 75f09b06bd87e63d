#include "corpus/steps/mix.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/config.h"
#include "base/error.h"
#include "base/rng.h"
#include "formats/excerpt.h"

namespace deepscaler {
namespace {

// The records with these numbers in the order in which they are drawn.
std::vector<size_t> drawn(const CorpusRecords& records, std::vector<size_t> numbers, uint64_t seed) {
  const auto draw = [&](size_t i) { return Rng(seed, {hash_name("mix"), hash_name(records[i].id)}).bits(0); };
  std::ranges::stable_sort(numbers, {}, draw);
  return numbers;
}

}  // namespace

void bind(ConfigSection& s, MixStep::Part& part) {
  s.field("source", part.source, "the source's name").required();
  s.field("count", part.count, "records that go on, at most").at_least(0);
  s.field("share", part.share, "share of its records that go on").range(0, 1);
}

void MixStep::bind(ConfigSection& s) { s.sections("part", parts_, "how much of a source goes on"); }

void MixStep::validate(const std::string& where) const {
  std::set<std::string> names;
  for (const Part& part : parts_) {
    if (!names.insert(part.source).second) {
      throw Error(where, fmt::format("names the source {} twice", excerpt(part.source)), "name it once");
    }
    if (part.count && part.share) {
      throw Error(where, fmt::format("the part of {} has a count and a share", excerpt(part.source)),
                  "give one");
    }
  }
}

StepResult MixStep::run(CorpusRecords records, const StepContext& context) const {
  std::vector<std::string_view> reasons(records.size(), parts_.empty() ? "" : "not-mixed");
  for (const Part& part : parts_) {
    std::vector<size_t> numbers;
    for (size_t i = 0; i < records.size(); ++i) {
      if (records[i].source == part.source) numbers.push_back(i);
    }
    if (numbers.empty()) {
      throw Error(context.where, fmt::format("no record is from {}", excerpt(part.source)),
                  "name the source of an ingest step");
    }
    auto most = static_cast<double>(numbers.size());
    if (part.count) most = static_cast<double>(*part.count);
    if (part.share) most = std::round(*part.share * static_cast<double>(numbers.size()));
    numbers = drawn(records, std::move(numbers), context.seed);
    for (size_t i = 0; i < numbers.size(); ++i)
      reasons[numbers[i]] = static_cast<double>(i) < most ? "" : "not-drawn";
  }
  StepResult result;
  for (size_t i = 0; i < records.size(); ++i) {
    if (reasons[i].empty())
      result.kept.push_back(std::move(records[i]));
    else
      drop(result, std::move(records[i]), reasons[i], nlohmann::ordered_json::object());
  }
  return result;
}

}  // namespace deepscaler
