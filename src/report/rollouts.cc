#include "report/rollouts.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "formats/jsonl.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::optional<double> optional_number(const json& value) {
  return value.is_null() ? std::nullopt : std::optional(value.get<double>());
}

RecordedSample read_sample(const json& line) {
  RecordedSample sample = {.number = line.at("sample"),
                           .text = line.at("text"),
                           .extracted = line.at("extracted"),
                           .reason = line.at("reason"),
                           .finish_reason = line.at("finish_reason"),
                           .reward = optional_number(line.at("reward")),
                           .advantage = optional_number(line.at("advantage")).value_or(0),
                           .tokens = std::ssize(line.at("token_ids"))};
  if (line.contains("rewards")) {
    for (const auto& [name, value] : line["rewards"].items()) {
      sample.reward_parts.emplace_back(name, optional_number(value));
    }
  }
  return sample;
}

}  // namespace

std::vector<RecordedGroup> read_rollouts(const fs::path& file) {
  std::vector<RecordedGroup> groups;
  JsonlReader reader(file);
  json line;
  try {
    while (reader.next(line)) {
      const int64_t number = line.at("sample");
      // A group's samples follow each other, the first one with number 0.
      if (groups.empty() || number == 0) {
        groups.push_back({.id = line.at("id"), .answers = line.at("answer")});
        if (line.contains("problem")) groups.back().problem = line["problem"];
      }
      groups.back().samples.push_back(read_sample(line));
    }
  } catch (const json::exception&) {
    throw Error(reader.where(), "is no line of rollouts", "name a folder that `deepscaler train` wrote");
  }
  return groups;
}

}  // namespace deepscaler
