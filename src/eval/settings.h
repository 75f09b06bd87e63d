// What an evaluation's samples depend on: enough to repeat the evaluation, and to say whether two may be
// compared.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "data/problem.h"
#include "infer/sampling.h"

namespace deepscaler {

class ConfigSection;

// How answers are sampled.
struct EvalConfig {
  int64_t samples = 1;  // a problem
  SamplingConfig sampling = {.temperature = 0.6f, .max_response_tokens = 512};
  uint64_t seed = 0;
};

void bind(ConfigSection& section, EvalConfig& config);

// Problems of one source (a file, a kind of generated problems), which get a row of their own.
struct EvalSet {
  std::string name;
  int64_t problems = 0;
  std::string sha256;  // of its problems (data/problem_set.h)

  friend bool operator==(const EvalSet&, const EvalSet&) = default;
};

// The sets that the problems belong to by their `source`, in order of first appearance.
[[nodiscard]] std::vector<EvalSet> sets_of(std::span<const Problem> problems);

struct EvalSettings {
  std::string model;           // where it was read from, or its name at `endpoint`; a run's own has none
  std::string model_hash;      // of the weights; empty: they are behind `endpoint`
  std::string endpoint;        // the URL of the server that answered; empty: this program did
  std::string request_fields;  // what that server was asked for besides, as JSON; empty: nothing
  std::string prompt;          // the user's turn, with {problem}
  std::string system;          // the system message; empty: the chat template's own
  std::string chat_template_kwargs;  // the chat template's other variables, as JSON; empty: none
  std::string date;                  // what the chat template was told; empty: it did not ask
  std::string kernels;               // instruction set that computed
  std::string dtype;                 // what products compute in
  std::string products;              // of quantized weights; empty: there are none
  std::string kv;                    // what keys and values are stored as; empty: as dtype
  EvalConfig config;
  std::vector<EvalSet> sets;
};

[[nodiscard]] nlohmann::ordered_json settings_json(const EvalSettings& settings);
// Throws Error naming `where` for JSON that is no settings.
[[nodiscard]] EvalSettings parse_settings(const nlohmann::json& json, const std::string& where);

struct SettingsDifference {
  std::string name;  // as in the JSON
  std::string before, after;
};

// The settings that differ, in the order of the JSON. A set that only one side has is "none" on the other.
[[nodiscard]] std::vector<SettingsDifference> differences(const EvalSettings& before,
                                                          const EvalSettings& after);

}  // namespace deepscaler
