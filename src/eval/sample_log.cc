#include "eval/sample_log.h"

#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw Error(where, what, "name another --output, or remove the file to begin anew");
}

void check_settings(const EvalSettings& logged, const EvalSettings& settings, const std::string& where) {
  std::string list;
  for (const auto& [name, before, after] : differences(logged, settings)) {
    list += fmt::format("{}{} is {} there and {} here", list.empty() ? "" : ", ", name, before, after);
  }
  if (!list.empty()) refuse(where, "holds samples of other settings: " + list);
}

// Reads the whole lines of a log and checks that they fit the evaluation.
std::vector<LoggedSample> read_samples(const std::filesystem::path& path, const EvalSettings& settings) {
  std::vector<LoggedSample> samples;
  if (!std::filesystem::exists(path) || std::filesystem::file_size(path) == 0) return samples;
  // An unfinished line is cut off only where it began as ours do: with the settings, or as a sample.
  const std::string rest = JsonlWriter::unfinished_line(path);
  const auto begins = [&](std::string_view ours) { return rest.starts_with(ours.substr(0, rest.size())); };
  if (!begins(R"({"settings":)") && !begins(R"({"problem":)")) {
    refuse(path.string(), "is no file of an evaluation's samples");
  }
  int64_t problems = 0;
  for (const EvalSet& set : settings.sets) problems += set.problems;
  JsonlReader reader(path, JsonlReader::End::kWholeLine);
  nlohmann::json line;
  try {
    if (!reader.next(line)) return samples;
    check_settings(parse_settings(line.at("settings"), reader.where()), settings, path.string());
    std::set<std::pair<int64_t, int64_t>> seen;
    while (reader.next(line)) {
      LoggedSample sample = {.problem = line.at("problem"),
                             .id = line.at("id"),
                             .sample = line.at("sample"),
                             .tokens = line.at("tokens"),
                             .truncated = line.at("truncated"),
                             .text = line.at("text")};
      if (sample.problem < 0 || sample.problem >= problems || sample.sample < 0 ||
          sample.sample >= settings.config.samples) {
        refuse(reader.where(), "is of no sample of this evaluation");
      }
      if (seen.emplace(sample.problem, sample.sample).second) samples.push_back(std::move(sample));
    }
  } catch (const nlohmann::json::exception&) {
    refuse(reader.where(), "is no line of an evaluation's samples");
  }
  return samples;
}

}  // namespace

SampleLog::SampleLog(const std::filesystem::path& path, const EvalSettings& settings)
    : earlier_(read_samples(path, settings)), writer_(path, JsonlWriter::Start::kAppend) {
  if (std::filesystem::file_size(path) == 0) writer_.write(Json{{"settings", settings_json(settings)}});
}

void SampleLog::add(const LoggedSample& sample) {
  writer_.write(Json{{"problem", sample.problem},
                     {"id", sample.id},
                     {"sample", sample.sample},
                     {"tokens", sample.tokens},
                     {"truncated", sample.truncated},
                     {"text", sample.text}});
}

}  // namespace deepscaler
