#include "eval/sample_log.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kRemedy = "name another --output, or remove the file to begin anew";

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw Error(where, what, kRemedy);
}

void check_settings(const EvalSettings& logged, const EvalSettings& settings, const std::string& where) {
  std::string list;
  for (const auto& [name, before, after] : differences(logged, settings)) {
    list += fmt::format("{}{} is {} there and {} here", list.empty() ? "" : ", ", name, before, after);
  }
  if (!list.empty()) refuse(where, "holds samples of other settings: " + list);
}

SampleLines our_lines() {
  return {.beginnings = {R"({"settings":)", R"({"problem":)"},
          .item = "problem",
          .item_key = "problem",
          .owner = "an evaluation's samples",
          .remedy = kRemedy};
}

int64_t problems_of(const EvalSettings& settings) {
  int64_t problems = 0;
  for (const EvalSet& set : settings.sets) problems += set.problems;
  return problems;
}

}  // namespace

SampleLog::SampleLog(const std::filesystem::path& path, const EvalSettings& settings)
    : settings_(settings), file_(path, our_lines(), problems_of(settings), settings.config.samples) {
  file_.resume([&](const Json& line, const std::string& where) {
    try {
      if (std::exchange(has_settings_, true))
        take(line, where);
      else
        check_settings(parse_settings(line.at("settings"), where), settings, path.string());
    } catch (const Json::exception&) {
      refuse(where, "is no line of an evaluation's samples");
    }
  });
}

void SampleLog::take(const Json& line, const std::string& where) {
  const SampleName name = file_.name_in(line, where);
  if (!file_.remember(name)) return;
  earlier_.push_back({.problem = name.item,
                      .id = line.at("id"),
                      .sample = name.sample,
                      .tokens = line.at("tokens"),
                      .truncated = line.at("truncated"),
                      .text = line.at("text")});
}

void SampleLog::add(const LoggedSample& sample) {
  if (!std::exchange(has_settings_, true)) file_.write({{"settings", settings_json(settings_)}});
  file_.write({{"problem", sample.problem},
               {"id", sample.id},
               {"sample", sample.sample},
               {"tokens", sample.tokens},
               {"truncated", sample.truncated},
               {"text", sample.text}});
  file_.remember({sample.problem, sample.sample});
}

}  // namespace deepscaler
