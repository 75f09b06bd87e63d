#include "corpus/steps/step.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/nearest.h"
#include "tables/data_file.h"

namespace deepscaler {

using Json = nlohmann::ordered_json;

std::filesystem::path from_root(const StepContext& context, const std::string& path) {
  return context.root / path;  // an absolute path stays
}

std::vector<std::filesystem::path> files_of(const StepContext& context,
                                            const std::vector<std::string>& paths) {
  std::vector<std::filesystem::path> files;
  for (const std::string& path : paths) {
    for (auto& file : data_files(from_root(context, path))) files.push_back(std::move(file));
  }
  return files;
}

void require_rules(std::span<const std::string> rules, const std::vector<std::string>& known,
                   const std::string& where) {
  for (const std::string& rule : rules) {
    if (std::ranges::count(rules, rule) > 1)
      throw Error(where, fmt::format("names \"{}\" twice", rule), "name it once");
    if (std::ranges::count(known, rule) > 0) continue;
    throw Error(where, fmt::format("there is no rule \"{}\"", rule), suggest_name(rule, known));
  }
}

Judgement dropped_for(std::string_view reason, const Json& evidence) {
  return {std::string(reason), evidence.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

void drop(StepResult& result, CorpusRecord record, std::string_view reason, const Json& evidence) {
  Judgement judgement = dropped_for(reason, evidence);
  result.dropped.push_back({std::move(record), std::move(judgement.reason), std::move(judgement.evidence)});
}

StepResult judge_each(CorpusRecords records, const StepContext& context,
                      const std::function<Judgement(CorpusRecord&)>& judge) {
  StepResult result;
  int64_t done = 0;
  for (CorpusRecord& record : records) {
    Judgement judgement = judge(record);
    if (judgement.reason.empty())
      result.kept.push_back(std::move(record));
    else
      result.dropped.push_back(
          {std::move(record), std::move(judgement.reason), std::move(judgement.evidence)});
    context.progress(++done);
  }
  return result;
}

}  // namespace deepscaler
