#include "corpus/steps/ingest.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "base/config.h"
#include "base/error.h"
#include "base/rng.h"
#include "corpus/steps/expression.h"
#include "corpus/steps/record_form.h"
#include "formats/excerpt.h"
#include "tables/compressed.h"
#include "tables/data_file.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

// How a row becomes a record.
struct RowReader {
  RowExpression problem, answer, solution, id, difficulty;
  std::set<std::string> dropped_keys;  // a record has its own, or they were read already
  const std::vector<std::string>& keep;

  [[nodiscard]] CorpusRecord read(const Json& row, const std::string& source) const {
    CorpusRecord record;
    record.source = source;
    record.problem = text_of_value(problem(row));
    record.solution = text_of_value(solution(row));
    const Json answers = answer(row);
    for (const Json& each : answers.is_array() ? answers : Json::array({answers})) {
      if (std::string text = text_of_value(each); !text.empty()) record.answers.push_back(std::move(text));
    }
    record.id = text_of_value(id(row));
    if (record.id.empty()) record.id = fmt::format("{:016x}", hash_name(record.problem));
    if (const Json value = difficulty(row); value.is_number()) record.difficulty = value.get<double>();
    if (!row.is_object()) return record;
    const bool all = std::ranges::count(keep, "*") > 0;
    for (const auto& [key, value] : row.items()) {
      if ((all || std::ranges::count(keep, key) > 0) && !dropped_keys.contains(key)) record.set(key, value);
    }
    return record;
  }
};

// The one key that an expression is, or nothing where it is more.
void add_plain_key(std::string_view expression, std::set<std::string>& keys) {
  const bool is_quoted =
      expression.size() > 1 && expression.front() == '"' && expression.find('"', 1) == expression.size() - 1;
  if (is_quoted) keys.emplace(expression.substr(1, expression.size() - 2));
  if (expression.find_first_of(" .[('\"|+") == std::string_view::npos) keys.emplace(expression);
}

std::string columns_of(const Json& row) {
  constexpr size_t kShown = 12;
  std::vector<std::string> names;
  if (row.is_object()) {
    for (const auto& [key, value] : row.items()) {
      if (names.size() == kShown) {
        names.emplace_back("...");
        break;
      }
      names.push_back(excerpt(key));
    }
  }
  return names.empty() ? "no keys" : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

void IngestStep::bind(ConfigSection& s) {
  s.field("files", files_, "files or folders of JSON, JSON Lines, CSV (also as .gz or .zst) or Parquet")
      .required();
  s.field("source", source_,
          "name of the data set in records, counts and tables (empty: the name of each file)");
  s.one_of("form", form_, "data set whose keys are known", record_form_names());
  s.field("problem", problem_, "expression for the problem (empty: the form's)");
  s.field("answer", answer_, "expression for the answer, or a list of them (empty: the form's)");
  s.field("solution", solution_, "expression for the solution (empty: the form's)");
  s.field("id", id_, "expression for the id (empty: the form's)");
  s.field("difficulty", difficulty_, "expression for the difficulty, a number (empty: the form's)");
  s.field("keep", keep_, "other keys that stay in the records; \"*\" for all");
}

void IngestStep::validate(const std::string& where) const {
  if (files_.empty()) throw Error(where, "\"files\" is empty", "name a file or a folder");
  for (const auto& [name, text] :
       {std::pair("problem", problem_), std::pair("answer", answer_), std::pair("solution", solution_),
        std::pair("id", id_), std::pair("difficulty", difficulty_)}) {
    if (!text.empty()) (void)parse_row_expression(text, where + "." + name);
  }
}

std::vector<std::filesystem::path> IngestStep::inputs(const StepContext& context) const {
  return files_of(context, files_);
}

StepResult IngestStep::run(CorpusRecords records, const StepContext& context) const {
  const RecordForm& form = record_form(form_);
  std::set<std::string> keys = {"id", "kind", "problem", "answer", "solution", "difficulty", "split"};
  const auto expression = [&](const std::string& own, std::string_view known) -> RowExpression {
    const std::string_view text = own.empty() ? known : own;
    if (text.empty()) return [](const Json&) { return Json(); };
    add_plain_key(text, keys);
    return parse_row_expression(text, context.where);
  };
  const RowReader reader{.problem = expression(problem_, form.problem),
                         .answer = expression(answer_, form.answer),
                         .solution = expression(solution_, form.solution),
                         .id = expression(id_, form.id),
                         .difficulty = expression(difficulty_, form.difficulty),
                         .dropped_keys = keys,
                         .keep = keep_};
  std::unordered_map<std::string, int> occurrences;
  for (const CorpusRecord& record : records) ++occurrences[record.id];

  StepResult result;
  result.kept = std::move(records);
  const size_t before = result.kept.size();
  for (const auto& file : inputs(context)) {
    const std::string source = source_.empty() ? uncompressed_name(file).stem().string() : source_;
    const size_t kept = result.kept.size();
    Json first;
    for_each_row(file, [&](const Json& row, const std::string& where) {
      if (first.is_null()) first = row;
      CorpusRecord record = reader.read(row, source);
      const int occurrence = ++occurrences[record.id];
      if (occurrence > 1) record.id += fmt::format("-{}", occurrence);
      if (record.problem.empty()) {
        const std::string place = std::filesystem::path(where).filename().string();
        drop(result, std::move(record), "no-problem", {{"row", place}, {"keys", columns_of(row)}});
      } else {
        result.kept.push_back(std::move(record));
      }
      context.progress(std::ssize(result.kept) + std::ssize(result.dropped));
    });
    if (result.kept.size() == kept) {
      throw Error(file.string(),
                  fmt::format("has no row with a problem; its first row has {}", columns_of(first)),
                  fmt::format("say in {} where the problem is, as in problem = \"question\"", context.where));
    }
  }
  result.figures = {
      {"rows read", std::ssize(result.kept) + std::ssize(result.dropped) - static_cast<int64_t>(before)}};
  return result;
}

}  // namespace deepscaler
