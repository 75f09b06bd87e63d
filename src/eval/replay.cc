#include "eval/replay.h"

#include <fmt/ranges.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/trim.h"
#include "data/dataset.h"
#include "data/records.h"
#include "eval/report.h"
#include "formats/excerpt.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

// The names that programs have for the same thing, in the order in which they are looked for.
constexpr const char* kResponses[] = {"resps",       "responses",  "completions", "outputs",
                                      "generations", "response",   "completion",  "output",
                                      "generation",  "prediction", "text"};
constexpr const char* kQuestions[] = {"problem", "question"};
constexpr const char* kAnswers[] = {"answer", "answers", "target", "gold", "reference", "ground_truth"};
constexpr const char* kIds[] = {"id", "doc_id"};
constexpr const char* kFilters[] = {"filter"};

constexpr const char* kRemedy =
    "a record needs \"response\" (or \"text\", \"completion\", \"resps\", ...), and its \"answer\" where no "
    "--data is given";

template <size_t kCount>
const Json* first_of(const Json& record, const char* const (&names)[kCount]) {
  for (const char* name : names) {
    if (const auto found = record.find(name); found != record.end() && !found->is_null()) return &*found;
  }
  return nullptr;
}

// All strings of nested lists; lm-eval has a list of samples for each of a task's requests.
void add_texts(const Json& value, std::vector<std::string>& texts, const std::string& where) {
  if (value.is_string()) {
    texts.push_back(value.get<std::string>());
  } else if (value.is_array()) {
    for (const Json& element : value) add_texts(element, texts, where);
  } else {
    throw Error(where, fmt::format("has a response that is {}, not a text", excerpt(value.dump())), kRemedy);
  }
}

std::string text_of(const Json* value) {
  if (value == nullptr) return "";
  return value->is_string() ? value->get<std::string>() : value->dump();
}

class Reader {
 public:
  explicit Reader(std::span<const Problem> data) : data_(data) {
    for (size_t i = 0; i < data.size(); ++i) {
      by_id_.emplace(data[i].id, i);
      by_question_.emplace(data[i].problem, i);
    }
  }

  void add(const Json& record, const std::string& where) {
    if (!record.is_object()) throw Error(where, "is not a JSON object", kRemedy);
    if (record.contains("settings") && record.size() == 1) return;  // the first line of a sample log
    const Json* response = first_of(record, kResponses);
    if (response == nullptr) refuse(record, where);
    std::vector<std::string> responses;
    add_texts(*response, responses, where);
    // lm-eval keeps the data set's record as "doc".
    const auto doc = record.find("doc");
    const bool has_doc = doc != record.end() && doc->is_object();
    ReplayedProblem& replayed = problem_of(record, has_doc ? *doc : record, where);
    if (has_doc && is_again(record, replayed)) return;
    for (std::string& text : responses) replayed.responses.push_back(std::move(text));
  }

  void add(const EvalProblem& evaluated, const std::string& where) {
    Problem problem = {.id = evaluated.id,
                       .problem = evaluated.problem,
                       .answers = evaluated.answers,
                       .source = evaluated.set,
                       .where = where};
    if (!data_.empty()) problem = from_data(evaluated.id, evaluated.problem, where);
    problems_.push_back({std::move(problem), {}});
    for (const EvalSample& sample : evaluated.samples) problems_.back().responses.push_back(sample.text);
  }

  [[nodiscard]] std::vector<ReplayedProblem> take() { return std::move(problems_); }

 private:
  // lm-eval has a line for each of a task's filters, all with the same samples: those of the first count.
  bool is_again(const Json& record, const ReplayedProblem& replayed) {
    const std::string filter = text_of(first_of(record, kFilters));
    return filters_.emplace(&replayed - problems_.data(), filter).first->second != filter;
  }

  [[noreturn]] static void refuse(const Json& record, const std::string& where) {
    constexpr size_t kShown = 8;
    std::vector<std::string> names;
    for (const auto& [name, value] : record.items()) {
      names.push_back(names.size() == kShown ? "..." : excerpt(name));
      if (names.size() > kShown) break;
    }
    throw Error(where, fmt::format("holds no response, only {}", fmt::join(names, ", ")), kRemedy);
  }

  const Problem& from_data(const std::string& id, const std::string& question,
                           const std::string& where) const {
    const auto with_question = by_question_.find(question);
    if (with_question != by_question_.end()) return data_[with_question->second];
    const auto with_id = by_id_.find(id);
    if (with_id != by_id_.end()) return data_[with_id->second];
    throw Error(where,
                id.empty() ? "has neither an \"id\" nor a \"problem\" by which to find it in --data"
                           : fmt::format("{} is the id of no problem in --data", excerpt(id)),
                "name the data set that the samples are of");
  }

  // The problem that a record is of, which others before it may have been of too.
  ReplayedProblem& problem_of(const Json& record, const Json& doc, const std::string& where) {
    const std::string id = text_of(first_of(record, kIds)),
                      question(trim(text_of(first_of(doc, kQuestions))));
    Problem problem = data_.empty() ? own_problem(record, doc, where) : from_data(id, question, where);
    if (data_.empty() && !id.empty()) problem.id = id;
    const std::string key = !problem.id.empty() ? problem.id : where;
    const auto [entry, is_new] = known_.emplace(key, problems_.size());
    if (is_new) problems_.push_back({std::move(problem), {}});
    return problems_[entry->second];
  }

  // By the rules of data sets, from the names that they have.
  static Problem own_problem(const Json& record, const Json& doc, const std::string& where) {
    const Json* answer = first_of(doc, kAnswers);
    if (answer == nullptr) answer = first_of(record, kAnswers);
    if (answer == nullptr) {
      throw Error(where, "holds no reference answer", "name the data set with --data, or add \"answer\"");
    }
    const Json* question = first_of(doc, kQuestions);
    const std::string asked = text_of(question);
    constexpr const char* kNone = "?";  // a problem has a text
    Problem problem =
        read_problem({{"problem", asked.empty() ? kNone : asked}, {"answer", *answer}}, where, "");
    if (asked.empty()) problem.problem = problem.id = "";
    if (problem.answers.empty()) {
      throw Error(where, "has an empty reference answer", "leave the record out, or correct it");
    }
    return problem;
  }

  std::span<const Problem> data_;
  std::map<std::string, size_t> by_id_, by_question_, known_;
  std::vector<ReplayedProblem> problems_;
  std::map<std::ptrdiff_t, std::string> filters_;  // by the problem's place
};

}  // namespace

std::vector<ReplayedProblem> read_replay(const std::filesystem::path& path, std::span<const Problem> data) {
  Reader reader(data);
  if (is_report(path)) {
    for (const EvalProblem& problem : read_report(path).problems) reader.add(problem, path.string());
  } else {
    for_each_record(path, [&](const Json& record, const std::string& where) { reader.add(record, where); });
  }
  std::vector<ReplayedProblem> problems = reader.take();
  if (problems.empty()) throw Error(path.string(), "holds no samples", "name a file of samples");
  return problems;
}

}  // namespace deepscaler
