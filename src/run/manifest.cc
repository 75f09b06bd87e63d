#include "run/manifest.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"

namespace deepscaler {

using nlohmann::ordered_json;

std::string manifest_text(const Manifest& m) {
  ordered_json inexact = ordered_json::array();
  for (const auto& resume : m.inexact_resumes)
    inexact.push_back({{"step", resume.step}, {"what", resume.what}});
  ordered_json json = {{"program", m.program},
                       {"binary", m.binary},
                       {"verifier", m.verifier},
                       {"device", m.device},
                       {"dtype", m.dtype},
                       {"backward_dtype", m.backward_dtype},
                       {"token_budget", m.token_budget},
                       {"seed", m.seed},
                       {"model", m.model},
                       {"parameters", m.parameters},
                       {"data", m.data},
                       {"trained_on", m.trained_on},
                       {"inexact_resumes", inexact}};
  if (!m.date.empty()) json["date"] = m.date;
  if (m.forked_from) {
    json["forked_from"] = {
        {"run", m.forked_from->run}, {"step", m.forked_from->step}, {"changes", m.forked_from->changes}};
  }
  return json.dump(2) + "\n";
}

Manifest read_manifest(const std::filesystem::path& path) {
  Manifest m;
  try {
    const auto json = nlohmann::json::parse(read_file(path));
    json.at("program").get_to(m.program);
    json.at("binary").get_to(m.binary);
    json.at("verifier").get_to(m.verifier);
    json.at("device").get_to(m.device);
    json.at("dtype").get_to(m.dtype);
    json.at("backward_dtype").get_to(m.backward_dtype);
    json.at("token_budget").get_to(m.token_budget);
    json.at("seed").get_to(m.seed);
    json.at("model").get_to(m.model);
    json.at("parameters").get_to(m.parameters);
    m.date = json.value("date", "");
    json.at("data").get_to(m.data);
    m.trained_on = json.value("trained_on", int64_t{0});
    for (const auto& resume : json.at("inexact_resumes")) {
      m.inexact_resumes.push_back({resume.at("step"), resume.at("what")});
    }
    if (const auto origin = json.find("forked_from"); origin != json.end()) {
      m.forked_from = {origin->at("run"), origin->at("step"), origin->at("changes")};
    }
  } catch (const nlohmann::json::exception&) {
    throw Error(path.string(), "is no manifest of a run",
                "put the run's own back, or start a new run from a checkpoint");
  }
  return m;
}

std::vector<std::string> inexact_changes(const Manifest& before, const Manifest& now) {
  std::vector<std::string> changes;
  const auto compare = [&](const char* name, const auto& old_value, const auto& new_value) {
    if (old_value != new_value) changes.push_back(fmt::format("{}: {}, now {}", name, old_value, new_value));
  };
  compare("device", before.device, now.device);
  compare("dtype", before.dtype, now.dtype);
  compare("backward_dtype", before.backward_dtype, now.backward_dtype);
  compare("token_budget", before.token_budget, now.token_budget);
  compare("program", before.program, now.program);
  compare("verifier", before.verifier, now.verifier);
  return changes;
}

}  // namespace deepscaler
