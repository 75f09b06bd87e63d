#include "corpus/steps/record.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace deepscaler {

using Json = nlohmann::ordered_json;

void CorpusRecord::set(std::string_view key, const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  const auto found = std::ranges::find(fields, key, &decltype(fields)::value_type::first);
  if (found == fields.end())
    fields.emplace_back(key, std::move(text));
  else
    found->second = std::move(text);
}

Json to_json(const CorpusRecord& record) {
  Json json = {{"id", record.id}, {"kind", record.source}, {"problem", record.problem}, {"answer", nullptr}};
  if (record.answers.size() == 1) json["answer"] = record.answers[0];
  if (record.answers.size() > 1) json["answer"] = record.answers;
  if (!record.solution.empty()) json["solution"] = record.solution;
  if (record.difficulty) json["difficulty"] = *record.difficulty;
  if (!record.split.empty()) json["split"] = record.split;
  for (const auto& [key, text] : record.fields) json[key] = Json::parse(text);
  return json;
}

CorpusRecord corpus_record(const Json& json) {
  CorpusRecord record;
  for (const auto& [key, value] : json.items()) {
    if (key == "id")
      record.id = value;
    else if (key == "kind")
      record.source = value;
    else if (key == "problem")
      record.problem = value;
    else if (key == "solution")
      record.solution = value;
    else if (key == "difficulty")
      record.difficulty = value.get<double>();
    else if (key == "split")
      record.split = value;
    else if (key != "answer")
      record.set(key, value);
    else if (value.is_string())
      record.answers = {value.get<std::string>()};
    else if (value.is_array())
      record.answers = value.get<std::vector<std::string>>();
  }
  return record;
}

}  // namespace deepscaler
