#include "corpus/step_summary.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "corpus/corpus_layout.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json files_json(const std::vector<HashedFile>& files) {
  Json array = Json::array();
  for (const HashedFile& file : files) {
    array.push_back({{"name", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  }
  return array;
}

std::vector<HashedFile> files_of(const Json& array) {
  std::vector<HashedFile> files;
  for (const Json& file : array) files.push_back({file.at("name"), file.at("bytes"), file.at("sha256")});
  return files;
}

template <class Value>
Json object_of(const std::vector<std::pair<std::string, Value>>& pairs) {
  Json object = Json::object();
  for (const auto& [name, value] : pairs) object[name] = value;
  return object;
}

template <class Value>
std::vector<std::pair<std::string, Value>> pairs_of(const Json& object) {
  std::vector<std::pair<std::string, Value>> pairs;
  for (const auto& [name, value] : object.items()) pairs.emplace_back(name, value.template get<Value>());
  return pairs;
}

}  // namespace

Json to_json(const StepSummary& s) {
  return {{"kind", s.kind},
          {"key", s.key},
          {"sources", s.sources},
          {"records_in", s.records_in},
          {"records_out", s.records_out},
          {"dropped", object_of(s.dropped)},
          {"figures", object_of(s.figures)},
          {"versions", object_of(s.versions)},
          {"inputs", files_json(s.inputs)},
          {"files", files_json(s.files)},
          {"outputs", files_json(s.outputs)}};
}

std::optional<StepSummary> read_step_summary(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  try {
    const Json json = Json::parse(read_file(path));
    return StepSummary{.kind = json.at("kind"),
                       .key = json.at("key"),
                       .sources = json.at("sources"),
                       .records_in = json.at("records_in"),
                       .records_out = json.at("records_out"),
                       .dropped = pairs_of<int64_t>(json.at("dropped")),
                       .figures = pairs_of<int64_t>(json.at("figures")),
                       .versions = pairs_of<std::string>(json.at("versions")),
                       .inputs = files_of(json.at("inputs")),
                       .files = files_of(json.at("files")),
                       .outputs = files_of(json.at("outputs"))};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;  // the step is done again
  }
}

std::vector<SummarizedStep> read_step_summaries(const fs::path& data_set) {
  std::vector<SummarizedStep> steps;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(CorpusLayout{data_set}.steps(), ignored)) {
    if (auto summary = read_step_summary(StepLayout{entry.path()}.done())) {
      steps.push_back({entry.path(), std::move(*summary)});
    }
  }
  std::ranges::sort(steps, {}, &SummarizedStep::folder);
  if (steps.empty()) {
    throw Error(data_set.string(), "has no finished step of a pipeline",
                "name the folder that `deepscaler data PIPELINE.toml` has made");
  }
  return steps;
}

HashedFile hashed_file(const fs::path& path, const fs::path& folder) {
  std::string name =
      fs::absolute(path).lexically_normal().lexically_relative(fs::absolute(folder).lexically_normal());
  if (name.empty() || name.starts_with("..")) name = path.string();
  return {std::move(name), static_cast<int64_t>(fs::file_size(path)), sha256_of_file(path)};
}

}  // namespace deepscaler
