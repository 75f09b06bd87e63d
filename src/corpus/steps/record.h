// A problem on its way through the pipeline. Unlike a Problem (data/problem.h) it may lack answers, and it
// keeps whatever else its source said of it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deepscaler {

struct CorpusRecord {
  std::string id;                    // unique in a pipeline
  std::string source;                // the data set that it came from
  std::string problem, solution;     // the solution may be empty
  std::vector<std::string> answers;  // any of them counts
  std::optional<double> difficulty;  // in its source's own unit
  std::string split;                 // "train", "test", ...; empty before `split`
  // Other keys with their values as JSON text, in the order in which they came.
  std::vector<std::pair<std::string, std::string>> fields;

  // Sets a field, in its place where it is there already.
  void set(std::string_view key, const nlohmann::ordered_json& value);

  bool operator==(const CorpusRecord&) const = default;
};

using CorpusRecords = std::vector<CorpusRecord>;

// As an object: id, kind (the source), problem, answer (a string, a list of several, or null), solution,
// difficulty and split where there are any, then the fields. data/dataset.h reads it as a problem.
[[nodiscard]] nlohmann::ordered_json to_json(const CorpusRecord& record);
// What to_json() has written.
[[nodiscard]] CorpusRecord corpus_record(const nlohmann::ordered_json& json);

}  // namespace deepscaler
