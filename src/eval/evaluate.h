// Evaluation: samples answers to problems, grades them, and sums up.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/problem.h"
#include "data/prompt_encoder.h"
#include "eval/statistics.h"
#include "infer/engine.h"

namespace deepscaler {

class ConfigSection;

struct EvalConfig {
  int64_t samples = 1;           // a problem
  float temperature = 0.6f;      // 0: the most likely answer
  int64_t max_new_tokens = 512;  // of a response
  uint64_t seed = 0;
};

void bind(ConfigSection& section, EvalConfig& config);

struct EvalSample {
  std::string text;
  std::string extracted;  // the answer that was graded
  std::string reason;     // why the verdict is what it is
  bool correct = false;
  bool undecided = false;
  bool truncated = false;
  int64_t tokens = 0;
};

struct EvalReport {
  std::vector<std::string> ids;                  // of the problems
  std::vector<std::vector<EvalSample>> samples;  // by problem

  // One row a problem: whether each of its decided samples was right. What could not be decided is
  // left out here and counted apart.
  [[nodiscard]] std::vector<std::vector<bool>> outcomes() const;
  [[nodiscard]] Interval pass_at_1() const;  // with its 95 % interval, problems as clusters
  [[nodiscard]] double mean_length() const;  // tokens
  [[nodiscard]] double truncated_share() const;
  [[nodiscard]] double undecided_share() const;
};

using EvalProgress = std::function<void(int64_t finished, int64_t samples)>;

// `step` names the evaluation's draws of random numbers apart from those of training; the same config,
// weights and problems give the same report.
[[nodiscard]] EvalReport evaluate(Engine& engine, const PromptEncoder& encoder,
                                  const std::vector<Problem>& problems, const EvalConfig& config,
                                  const EvalProgress& progress = {});

// The report as JSON: settings, summary, every sample.
[[nodiscard]] nlohmann::ordered_json report_json(const EvalReport& report, const EvalConfig& config,
                                                 const std::string& model_hash);

}  // namespace deepscaler
