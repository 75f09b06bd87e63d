#include "corpus/steps/write.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/config.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;
using Pointers = std::vector<const CorpusRecord*>;

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

StepFile jsonl(const std::string& split, const Pointers& records) {
  StepFile file{split + ".jsonl", ""};
  for (const CorpusRecord* record : records) file.bytes += dump(to_json(*record), -1) + "\n";
  return file;
}

// "" where there is no solution; several answers are a list, as in its test sets.
StepFile deepscaler_json(const std::string& split, const Pointers& records) {
  Json array = Json::array();
  for (const CorpusRecord* record : records) {
    array.push_back({{"problem", record->problem},
                     {"solution", record->solution},
                     {"answer", to_json(*record)["answer"]}});
    if (record->difficulty) array.back()["difficulty"] = *record->difficulty;
  }
  return {split + ".json", dump(array, 2) + "\n"};
}

struct Form {
  std::string_view name;
  StepFile (*file)(const std::string& split, const Pointers& records);
};
constexpr Form kForms[] = {{"jsonl", jsonl}, {"deepscaler", deepscaler_json}};

}  // namespace

void WriteStep::bind(ConfigSection& s) {
  std::vector<std::string> names;
  for (const Form& form : kForms) names.emplace_back(form.name);
  s.one_of("form", form_, "form of the files", names);
}

StepResult WriteStep::run(CorpusRecords records, const StepContext& /*context*/) const {
  std::map<std::string, Pointers> splits;
  for (const CorpusRecord& record : records)
    splits[record.split.empty() ? "train" : record.split].push_back(&record);
  StepResult result;
  const auto* form = std::ranges::find(kForms, form_, &Form::name);
  for (const auto& [split, of_split] : splits) {
    result.outputs.push_back(form->file(split, of_split));
    result.figures.emplace_back(result.outputs.back().name, std::ssize(of_split));
  }
  result.kept = std::move(records);
  return result;
}

}  // namespace deepscaler
