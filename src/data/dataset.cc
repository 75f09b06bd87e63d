#include "data/dataset.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "base/rng.h"
#include "base/trim.h"
#include "data/grading.h"
#include "data/records.h"
#include "formats/excerpt.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

// One record with its place, for messages.
struct Record {
  const Json& json;
  const std::string& where;

  // The value of a key, or null when it is absent.
  const Json& operator[](const char* key) const {
    static const Json absent;
    const auto found = json.find(key);
    return found == json.end() ? absent : *found;
  }
  [[noreturn]] void fail(std::string_view what) const {
    throw Error(where, what, "a record needs \"problem\" (or \"question\") and \"answer\"");
  }
  // Names what is there instead: the same under another name, more often than not.
  [[noreturn]] void lacks(const char* key) const {
    constexpr size_t kShown = 8;
    std::vector<std::string> names;
    for (const auto& [name, value] : json.items()) {
      names.push_back(names.size() == kShown ? "..." : excerpt(name));
      if (names.size() > kShown) break;
    }
    fail(fmt::format("has no \"{}\"{}{}", key, names.empty() ? "" : ", only ", fmt::join(names, ", ")));
  }
};

std::string text_of(const Record& record, const char* key) {
  const Json& value = record[key];
  if (value.is_null()) return "";
  if (!value.is_string()) record.fail(fmt::format("\"{}\" must be a string", key));
  return value.get<std::string>();
}

// 142.0, as tables exported from Python have it, is the integer 142.
std::string number_text(double number) {
  constexpr double kExactIntegers = 9007199254740992;  // 2^53
  if (number == std::floor(number) && std::abs(number) <= kExactIntegers)
    return fmt::format("{}", static_cast<int64_t>(number));
  return fmt::format("{}", number);
}

void add_answers(const Record& record, const Json& value, std::vector<std::string>& answers,
                 bool in_list = false) {
  if (value.is_null()) return;
  if (value.is_array() && !in_list)
    for (const auto& element : value) add_answers(record, element, answers, true);
  else if (value.is_number_float())
    answers.push_back(number_text(value.get<double>()));
  else if (value.is_number_integer())
    answers.push_back(value.dump());
  else if (value.is_string())
    answers.emplace_back(trim(value.get_ref<const std::string&>()));
  else
    record.fail("\"answer\" must be a string, a number or a list of them");
  std::erase(answers, "");
}

// GSM8K writes "<<48/2=24>>" for a calculator into its solutions; the text reads the same without.
std::string without_calculator_marks(std::string text) {
  size_t begin;
  while ((begin = text.find("<<")) != std::string::npos) {
    const size_t end = text.find(">>", begin);
    if (end == std::string::npos) break;
    text.erase(begin, end + 2 - begin);
  }
  return text;
}

constexpr std::string_view kGsm8kMark = "####";

// GSM8K keeps solution and answer in one string: "steps #### 1,200".
void read_gsm8k_answer(const std::string& text, Problem& problem) {
  const size_t mark = text.rfind(kGsm8kMark);
  problem.solution = without_calculator_marks(std::string(trim(std::string_view(text).substr(0, mark))));
  std::string answer(trim(std::string_view(text).substr(mark + kGsm8kMark.size())));
  std::erase(answer, ',');
  // A cold start must show the answer where the verifier looks for it.
  if (!answer.empty()) problem.solution += "\n\\boxed{" + answer + "}";
  problem.answers = {answer};
  std::erase(problem.answers, "");
}

std::string id_of(const Record& record, const Problem& problem) {
  for (const char* key : {"id", "unique_id"}) {
    const Json& id = record[key];
    if (id.is_string() && !id.get_ref<const std::string&>().empty()) return id.get<std::string>();
    if (id.is_number_integer()) return id.dump();
  }
  return fmt::format("{:016x}", hash_name(problem.problem));
}

// The first of the solutions where there are several.
std::string solution_of(const Record& record) {
  const Json& value = record["solution"];
  if (value.is_array() && !value.empty() && value[0].is_string()) return value[0].get<std::string>();
  return value.is_array() ? "" : text_of(record, "solution");
}

Grader grader_of(const Record& record) {
  const std::string name = text_of(record, "grader");
  if (name.empty()) return Grader::kAnswer;
  const auto grader = grader_from_name(name);
  if (!grader) record.fail(fmt::format("there is no grader \"{}\", only answer and countdown", name));
  return *grader;
}

// What the other keys say; the program has no use for it, a reward of the user's own may.
std::string other_keys(const Record& record) {
  static const std::set<std::string_view> known = {
      "id", "unique_id", "problem", "question", "answer", "solution", "kind", "difficulty", "grader"};
  Json others = Json::object();
  for (const auto& [key, value] : record.json.items()) {
    if (!known.contains(key)) others[key] = value;
  }
  return others.empty() ? "" : others.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void require_different(std::span<const std::filesystem::path> files) {
  std::error_code ignored;
  for (size_t i = 0; i < files.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (!std::filesystem::equivalent(files[i], files[j], ignored)) continue;
      throw Error(
          files[i].string(),
          fmt::format("is the same file as {}, and its problems would count twice", files[j].string()),
          "name it once");
    }
  }
}

// "math" for .../math.json; "train/math" and "test/math" where the file name alone is ambiguous.
std::string source_name(const std::filesystem::path& file, std::span<const std::filesystem::path> files) {
  const auto is_like_it = [&](const auto& other) { return other.stem() == file.stem(); };
  const bool ambiguous = std::ranges::count_if(files, is_like_it) > 1;
  return ambiguous ? (file.parent_path().filename() / file.stem()).string() : file.stem().string();
}

}  // namespace

Problem read_problem(const Json& json, const std::string& where, const std::string& source, Answers answers) {
  const Record record{json, where};
  if (!record.json.is_object()) record.fail("is not a JSON object");
  const bool is_question = record["problem"].is_null() && !record["question"].is_null();
  Problem problem;
  problem.problem = trim(text_of(record, is_question ? "question" : "problem"));
  if (problem.problem.empty() && record.json.contains("prompt")) {
    throw Error(where, "has a \"prompt\" and no \"problem\"",
                "give the bare question as \"problem\"; what stands around it is the recipe's [prompt]");
  }
  if (problem.problem.empty() && record.json.contains("problem")) record.fail("\"problem\" is empty");
  if (problem.problem.empty()) record.lacks("problem");
  if (!record.json.contains("answer") && answers == Answers::kRequired) record.lacks("answer");

  problem.where = where;
  problem.record = other_keys(record);
  const Json& answer = record["answer"];
  if (answer.is_string() && answer.get_ref<const std::string&>().find(kGsm8kMark) != std::string::npos) {
    read_gsm8k_answer(answer.get_ref<const std::string&>(), problem);
  } else {
    add_answers(record, answer, problem.answers);
    problem.solution = solution_of(record);
  }
  problem.id = id_of(record, problem);
  problem.source = record["kind"].is_null() ? source : text_of(record, "kind");
  problem.grader = grader_of(record);
  const Json& difficulty = record["difficulty"];
  if (difficulty.is_number()) problem.difficulty = difficulty.get<double>();
  if (const Json& rate = record["pass_rate"]; !rate.is_null()) {
    if (!rate.is_number() || rate < 0 || rate > 1) {
      throw Error(where, fmt::format("\"pass_rate\" is {}, not a number from 0 to 1", excerpt(rate.dump())),
                  "correct it, or leave it out");
    }
    problem.pass_rate = rate.get<double>();
  }
  return problem;
}

Dataset read_dataset(std::span<const std::filesystem::path> files, Answers answers) {
  require_different(files);
  Dataset dataset;
  std::unordered_map<std::string, int> occurrences;
  for (const auto& file : files) {
    const std::string source = source_name(file, files);
    for_each_record(file, [&](const Json& json, const std::string& where) {
      Problem problem = read_problem(json, where, source, answers);
      if (problem.answers.empty() && answers == Answers::kRequired) {
        ++dataset.without_answer;
        return;
      }
      const int occurrence = ++occurrences[problem.id];
      if (occurrence > 1) ++dataset.renamed;
      if (occurrence > 1) problem.id += fmt::format("-{}", occurrence);
      dataset.problems.push_back(std::move(problem));
    });
  }
  if (dataset.problems.empty())
    throw Error(files.empty() ? "data" : files[0].string(), "has no problem with an answer",
                "name a file of problems");
  return dataset;
}

}  // namespace deepscaler
