#include "corpus/steps/write.h"

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "formats/json_text.h"
#include "tables/parquet_writer.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;
using Pointers = std::vector<const CorpusRecord*>;

// The records of a split.
struct Split {
  std::string name;
  Pointers records;
};
using Splits = std::vector<Split>;

// What a form may ask for beside the records.
struct Wanted {
  const std::string& prompt;       // the user's turn, with {problem}
  const std::string& data_source;  // for verl
  const std::string& where;        // for errors
};

std::vector<StepFile> jsonl(const Splits& splits, const Wanted& /*wanted*/) {
  std::vector<StepFile> files;
  for (const Split& split : splits) {
    StepFile& file = files.emplace_back(split.name + ".jsonl");
    for (const CorpusRecord* record : split.records) file.bytes += json_line(to_json(*record)) + "\n";
  }
  return files;
}

// "" where there is no solution; several answers are a list, as in its test sets.
std::vector<StepFile> deepscaler_json(const Splits& splits, const Wanted& /*wanted*/) {
  std::vector<StepFile> files;
  for (const Split& split : splits) {
    Json array = Json::array();
    for (const CorpusRecord* record : split.records) {
      array.push_back({{"problem", record->problem},
                       {"solution", record->solution},
                       {"answer", to_json(*record)["answer"]}});
      if (record->difficulty) array.back()["difficulty"] = *record->difficulty;
    }
    files.push_back({split.name + ".json", array.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"});
  }
  return files;
}

// Whether a record of any split has several answers: then all have lists, for a column has one type.
bool are_lists(const Splits& splits) {
  return std::ranges::any_of(splits, [](const Split& split) {
    return std::ranges::any_of(split.records, [](const auto* record) { return record->answers.size() > 1; });
  });
}

Json answer_of(const CorpusRecord& record, bool is_list) {
  if (is_list) return record.answers;
  return record.answers.empty() ? Json() : Json(record.answers[0]);
}

// A table for each split, of one schema: the hub reads them as one data set.
std::vector<StepFile> tables(const Splits& splits, const Wanted& wanted, const char* name,
                             const std::function<Json(const Split&, size_t i, bool lists)>& row) {
  const bool lists = are_lists(splits);
  std::vector<StepFile> files;
  std::vector<ParquetTable> tables;
  for (const Split& split : splits) {
    files.push_back({fmt::format(fmt::runtime(name), split.name), ""});
    tables.push_back({wanted.where + ": " + files.back().name, {}});
    for (size_t i = 0; i < split.records.size(); ++i) tables.back().rows.push_back(row(split, i, lists));
  }
  std::vector<std::string> bytes = parquet_files(tables);
  for (size_t f = 0; f < files.size(); ++f) files[f].bytes = std::move(bytes[f]);
  return files;
}

std::vector<StepFile> hub_parquet(const Splits& splits, const Wanted& wanted) {
  return tables(splits, wanted, "data/{}-00000-of-00001.parquet",
                [](const Split& split, size_t i, bool lists) {
                  Json row = to_json(*split.records[i]);
                  row["answer"] = answer_of(*split.records[i], lists);
                  return row;
                });
}

std::vector<StepFile> verl_parquet(const Splits& splits, const Wanted& wanted) {
  return tables(splits, wanted, "{}.parquet", [&](const Split& split, size_t i, bool lists) -> Json {
    const CorpusRecord& record = *split.records[i];
    const Json turn = {{"role", "user"}, {"content", make_prompt(wanted.prompt, record.problem)}};
    return {{"data_source", wanted.data_source},
            {"prompt", Json::array({turn})},
            {"ability", "math"},
            {"reward_model", {{"style", "rule"}, {"ground_truth", answer_of(record, lists)}}},
            {"extra_info", {{"split", split.name}, {"index", i}}}};
  });
}

struct Form {
  std::string_view name;
  std::vector<StepFile> (*files)(const Splits& splits, const Wanted& wanted);
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
  std::map<std::string, Pointers> by_name;
  for (const CorpusRecord& record : records)
    by_name[record.split.empty() ? "train" : record.split].push_back(&record);
  Splits splits;
  for (auto& [name, of_split] : by_name) splits.push_back({name, std::move(of_split)});
  StepResult result;
  const auto* form = std::ranges::find(kForms, form_, &Form::name);
  result.outputs = form->files(splits, {prompt_, data_source_, context.where});
  for (size_t s = 0; s < splits.size(); ++s)
    result.figures.emplace_back(result.outputs[s].name, std::ssize(splits[s].records));
  result.kept = std::move(records);
  return result;
}

}  // namespace deepscaler
