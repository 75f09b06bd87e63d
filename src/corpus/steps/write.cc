#include "corpus/steps/write.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "tables/parquet_writer.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;
using Pointers = std::vector<const CorpusRecord*>;

// The records of a split, and what a form may ask for beside them.
struct Split {
  const std::string& name;
  const Pointers& records;
  const std::string& prompt;       // the user's turn, with {problem}
  const std::string& data_source;  // for verl
  const std::string& where;        // for errors
};

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

StepFile jsonl(const Split& split) {
  StepFile file{split.name + ".jsonl", ""};
  for (const CorpusRecord* record : split.records) file.bytes += dump(to_json(*record), -1) + "\n";
  return file;
}

// "" where there is no solution; several answers are a list, as in its test sets.
StepFile deepscaler_json(const Split& split) {
  Json array = Json::array();
  for (const CorpusRecord* record : split.records) {
    array.push_back({{"problem", record->problem},
                     {"solution", record->solution},
                     {"answer", to_json(*record)["answer"]}});
    if (record->difficulty) array.back()["difficulty"] = *record->difficulty;
  }
  return {split.name + ".json", dump(array, 2) + "\n"};
}

// The answers of every record in one type: texts, or lists where some record has several.
std::vector<Json> answer_column(const Pointers& records) {
  const bool lists =
      std::ranges::any_of(records, [](const CorpusRecord* record) { return record->answers.size() > 1; });
  std::vector<Json> column;
  for (const CorpusRecord* record : records) {
    if (lists)
      column.emplace_back(record->answers);
    else
      column.push_back(record->answers.empty() ? Json() : Json(record->answers[0]));
  }
  return column;
}

StepFile table(const std::string& name, const std::vector<Json>& rows, const std::string& where) {
  return {name, parquet_file(rows, where + ": " + name)};
}

StepFile hub_parquet(const Split& split) {
  const std::vector<Json> answers = answer_column(split.records);
  std::vector<Json> rows;
  for (const CorpusRecord* record : split.records) {
    rows.push_back(to_json(*record));
    rows.back()["answer"] = answers[rows.size() - 1];
  }
  return table(fmt::format("data/{}-00000-of-00001.parquet", split.name), rows, split.where);
}

StepFile verl_parquet(const Split& split) {
  const std::vector<Json> answers = answer_column(split.records);
  std::vector<Json> rows;
  for (size_t i = 0; i < split.records.size(); ++i) {
    const Json turn = {{"role", "user"}, {"content", make_prompt(split.prompt, split.records[i]->problem)}};
    rows.push_back({{"data_source", split.data_source},
                    {"prompt", Json::array({turn})},
                    {"ability", "math"},
                    {"reward_model", {{"style", "rule"}, {"ground_truth", answers[i]}}},
                    {"extra_info", {{"split", split.name}, {"index", i}}}});
  }
  return table(split.name + ".parquet", rows, split.where);
}

struct Form {
  std::string_view name;
  StepFile (*file)(const Split& split);
};
constexpr Form kForms[] = {
    {"jsonl", jsonl}, {"deepscaler", deepscaler_json}, {"parquet", hub_parquet}, {"verl", verl_parquet}};

}  // namespace

void WriteStep::bind(ConfigSection& s) {
  std::vector<std::string> names;
  for (const Form& form : kForms) names.emplace_back(form.name);
  s.one_of("form", form_, "form of the files", names);
  s.field("prompt", prompt_, "the user's turn, with {problem} in it, for verl");
  s.field("data_source", data_source_, "by what verl chooses its reward; empty as in DeepScaleR's files");
}

void WriteStep::validate(const std::string& where) const {
  if (prompt_.find("{problem}") == std::string::npos)
    throw Error(where + ".prompt", "has no {problem}", "write {problem} where the problem goes");
}

StepResult WriteStep::run(CorpusRecords records, const StepContext& context) const {
  std::map<std::string, Pointers> splits;
  for (const CorpusRecord& record : records)
    splits[record.split.empty() ? "train" : record.split].push_back(&record);
  StepResult result;
  const auto* form = std::ranges::find(kForms, form_, &Form::name);
  for (const auto& [name, of_split] : splits) {
    result.outputs.push_back(form->file({name, of_split, prompt_, data_source_, context.where}));
    result.figures.emplace_back(result.outputs.back().name, std::ssize(of_split));
  }
  result.kept = std::move(records);
  return result;
}

}  // namespace deepscaler
