#include "corpus/pipeline_test.h"

#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "formats/jsonl.h"

namespace deepscaler {

using Json = nlohmann::ordered_json;

void PipelineTest::file(const std::string& name, const std::string& bytes) const {
  std::filesystem::create_directories((folder_ / name).parent_path());
  write_file_atomically(folder_ / name, bytes);
}

PipelineRequest PipelineTest::request(const std::string& toml) const {
  PipelineRequest request{.where = "p.toml", .folder = folder_ / "out", .program = "0.1 test"};
  read_config_text(toml, "p.toml", {}, [&](ConfigSection& s) { bind(s, request.config); });
  request.config.root = folder_.path();
  return request;
}

std::string PipelineTest::refusal(const std::string& toml) const {
  try {
    (void)run(toml);
  } catch (const Error& error) {
    std::string text = error.what();
    const std::string prefix = folder_.path().string() + "/";
    for (size_t at; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
    return text;
  }
  return "accepted";
}

std::vector<Json> PipelineTest::lines(const std::string& name) const {
  std::vector<Json> lines;
  JsonlReader reader(folder_ / name);
  for (Json line; reader.next(line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> PipelineTest::dropped(const std::string& step) const {
  std::vector<std::string> all;
  for (const Json& line : lines("out/steps/" + step + "/dropped.jsonl")) {
    all.push_back(line["reason"].get<std::string>() + " " + line["record"]["id"].get<std::string>());
  }
  return all;
}

std::map<std::string, std::string> PipelineTest::bytes() const {
  std::map<std::string, std::string> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "out")) {
    if (entry.is_regular_file() && entry.path().filename() != "lock")
      all[entry.path()] = read_file(entry.path());
  }
  return all;
}

}  // namespace deepscaler
