#include "corpus/steps/ingest.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/config.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/rng.h"
#include "corpus/steps/expression.h"
#include "corpus/steps/record_form.h"
#include "formats/excerpt.h"
#include "tables/compressed.h"
#include "tables/data_file.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

// A field's expression, and how often it found something.
struct Field {
  std::string_view name;
  std::string own;  // the pipeline's own expression; empty where it is the form's
  RowExpression expression;
  int64_t found = 0;

  Json in(const Json& row) {
    Json value = expression(row);
    found += value.is_null() || value == "" ? 0 : 1;
    return value;
  }
};

bool is_nested(const Json& value) { return (value.is_object() || value.is_array()) && !value.empty(); }

// A number, also where it is written as text: CSV has nothing else.
std::optional<double> number_of(const Json& value) {
  if (value.is_number()) return value.get<double>();
  const std::string text = text_of_value(value);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc() && end == text.data() + text.size() && std::isfinite(number);
  return is_whole ? std::optional(number) : std::nullopt;
}

// How a row becomes a record.
struct RowReader {
  Field problem, answer, solution, id, difficulty;
  std::set<std::string> dropped_keys;  // a record has its own, or they were read already
  const std::vector<std::string>& keep;

  // Sets `nested` to the name of a field whose value is no text.
  [[nodiscard]] CorpusRecord read(const Json& row, const std::string& source, std::string_view& nested) {
    CorpusRecord record;
    record.source = source;
    const auto text = [&](Field& field) {
      const Json value = field.in(row);
      if (is_nested(value)) nested = field.name;
      return text_of_value(value);
    };
    record.problem = text(problem);
    record.solution = text(solution);
    const Json answers = answer.in(row);
    for (const Json& each : answers.is_array() ? answers : Json::array({answers})) {
      if (is_nested(each)) nested = answer.name;
      if (std::string text = text_of_value(each); !text.empty()) record.answers.push_back(std::move(text));
    }
    record.id = text_of_value(id.in(row));
    if (record.id.empty()) record.id = fmt::format("{:016x}", hash_name(record.problem));
    record.difficulty = number_of(difficulty.expression(row));
    difficulty.found += record.difficulty ? 1 : 0;
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

std::vector<std::string> keys_of(const Json& row) {
  std::vector<std::string> keys;
  if (row.is_object()) {
    for (const auto& [key, value] : row.items()) keys.push_back(key);
  }
  return keys;
}

std::string listed(const std::vector<std::string>& keys) {
  constexpr size_t kShown = 12;
  std::vector<std::string> names;
  for (const std::string& key : keys) {
    names.push_back(names.size() == kShown ? "..." : excerpt(key));
    if (names.size() > kShown) break;
  }
  return names.empty() ? "no keys" : fmt::format("{}", fmt::join(names, ", "));
}

void require_found(const Field& field, const std::vector<std::string>& keys, const std::string& where) {
  if (field.own.empty() || field.found > 0) return;
  const auto meant = std::ranges::count(keys, field.own) > 0 ? std::nullopt : nearest_name(field.own, keys);
  throw Error(fmt::format("{}.{}", where, field.name),
              fmt::format("{} finds {} in any row, and there are {}", excerpt(field.own),
                          field.name == "difficulty" ? "no number" : "nothing", listed(keys)),
              meant ? fmt::format("did you mean {}?", excerpt(*meant)) : "name one of them");
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
  const auto field = [&](std::string_view name, const std::string& own, std::string_view known) -> Field {
    const std::string_view text = own.empty() ? known : own;
    if (text.empty()) return {name, own, [](const Json&) { return Json(); }};
    add_plain_key(text, keys);
    return {name, own, parse_row_expression(text, context.where)};
  };
  RowReader reader{.problem = field("problem", problem_, form.problem),
                   .answer = field("answer", answer_, form.answer),
                   .solution = field("solution", solution_, form.solution),
                   .id = field("id", id_, form.id),
                   .difficulty = field("difficulty", difficulty_, form.difficulty),
                   .dropped_keys = {},
                   .keep = keep_};
  reader.dropped_keys = keys;
  std::unordered_map<std::string, int> occurrences;
  for (const CorpusRecord& record : records) ++occurrences[record.id];

  StepResult result;
  result.kept = std::move(records);
  const size_t before = result.kept.size();
  std::vector<std::string> seen_keys;  // in their order, each once:
  std::unordered_set<std::string> is_seen;
  for (const auto& file : inputs(context)) {
    const std::string source = source_.empty() ? uncompressed_name(file).stem().string() : source_;
    const size_t kept = result.kept.size();
    Json first;
    std::string first_nested;
    for_each_row(file, [&](const Json& row, const std::string& where) {
      for (const std::string& key : keys_of(row)) {
        if (is_seen.insert(key).second) seen_keys.push_back(key);
      }
      std::string_view nested;
      CorpusRecord record = reader.read(row, source, nested);
      if (first.is_null()) first = row, first_nested = nested;
      const int occurrence = ++occurrences[record.id];
      if (occurrence > 1) record.id += fmt::format("-{}", occurrence);
      const std::string place = std::filesystem::path(where).filename().string();
      if (!nested.empty()) {
        drop(result, std::move(record), fmt::format("nested-{}", nested), {{"row", place}, {"value", row}});
      } else if (record.problem.empty()) {
        drop(result, std::move(record), "no-problem", {{"row", place}, {"keys", listed(keys_of(row))}});
      } else {
        result.kept.push_back(std::move(record));
      }
      context.progress(std::ssize(result.kept) + std::ssize(result.dropped));
    });
    if (result.kept.size() > kept) continue;
    if (first.is_null()) {
      throw Error(file.string(), "has no rows in it",
                  "give a file with problems; a CSV file has the names of its columns in the first line");
    }
    if (!first_nested.empty()) {
      throw Error(file.string(), fmt::format("its first row has an object or a list as {}", first_nested),
                  fmt::format("say in {0} which part is meant, as in {1} = \"{1}.value\" or \"{1}[0]\"",
                              context.where, first_nested));
    }
    throw Error(file.string(),
                fmt::format("has no row with a problem; its first row has {}", listed(keys_of(first))),
                fmt::format("say in {} where the problem is, as in problem = \"question\"", context.where));
  }
  for (const Field* each :
       {&reader.problem, &reader.answer, &reader.solution, &reader.id, &reader.difficulty})
    require_found(*each, seen_keys, context.where);
  for (const std::string& key : keep_) {
    if (key == "*" || std::ranges::count(seen_keys, key) > 0) continue;
    const auto meant = nearest_name(key, seen_keys);
    throw Error(context.where + ".keep",
                fmt::format("{} is in no row, and there are {}", excerpt(key), listed(seen_keys)),
                meant ? fmt::format("did you mean {}?", excerpt(*meant)) : "name one of them");
  }
  result.figures = {
      {"rows read", std::ssize(result.kept) + std::ssize(result.dropped) - static_cast<int64_t>(before)}};
  return result;
}

}  // namespace deepscaler
