#include "eval/evaluate.h"

#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "data/grading.h"

namespace deepscaler {
namespace {

template <class Value>
double mean_over_samples(const EvalReport& report, const Value& value) {
  double sum = 0, count = 0;
  for (const auto& of_problem : report.samples) {
    for (const EvalSample& sample : of_problem) {
      sum += static_cast<double>(value(sample));
      count += 1;
    }
  }
  return count > 0 ? sum / count : 0;
}

}  // namespace

void bind(ConfigSection& section, EvalConfig& config) {
  section.field("samples", config.samples, "answers sampled a problem").range(1, 1 << 20);
  section.field("temperature", config.temperature, "of sampling; 0 takes the most likely token")
      .range(0, 100);
  section.field("max_new_tokens", config.max_new_tokens, "longest response, in tokens").at_least(1);
}

std::vector<std::vector<bool>> EvalReport::outcomes() const {
  std::vector<std::vector<bool>> rows;
  for (const auto& of_problem : samples) {
    std::vector<bool>& row = rows.emplace_back();
    for (const EvalSample& sample : of_problem) {
      if (!sample.undecided) row.push_back(sample.correct);
    }
  }
  return rows;
}

Interval EvalReport::pass_at_1() const { return mean_interval(outcomes()); }

double EvalReport::mean_length() const {
  return mean_over_samples(*this, [](const EvalSample& s) { return s.tokens; });
}
double EvalReport::truncated_share() const {
  return mean_over_samples(*this, [](const EvalSample& s) { return s.truncated; });
}
double EvalReport::undecided_share() const {
  return mean_over_samples(*this, [](const EvalSample& s) { return s.undecided; });
}

EvalReport evaluate(Engine& engine, const PromptEncoder& encoder, const std::vector<Problem>& problems,
                    const EvalConfig& config, const EvalProgress& progress) {
  EvalReport report;
  std::vector<GenerationRequest> requests;
  std::vector<bool> opened_thinking;
  for (const Problem& problem : problems) {
    EncodedPrompt prompt = encoder.encode(problem);
    opened_thinking.push_back(prompt.opened_thinking);
    requests.push_back({std::move(prompt.tokens), config.samples, hash_name(problem.id)});
    report.ids.push_back(problem.id);
    report.samples.emplace_back(config.samples);
  }
  int64_t finished = 0;
  engine.generate(
      requests,
      {.temperature = config.temperature, .max_new_tokens = config.max_new_tokens, .seed = config.seed},
      [&](int64_t p, int64_t s, Generation&& generation) {
        EvalSample& sample = report.samples[p][s];
        sample.text = encoder.tokenizer().decode(generation.tokens, {.skip_special_tokens = true});
        sample.tokens = std::ssize(generation.tokens);
        sample.truncated = generation.finish_reason == FinishReason::kLength;
        const Verdict verdict = grade_response(problems[p], sample.text, opened_thinking[p]);
        sample.extracted = verdict.extracted;
        sample.reason = reason_name(verdict.reason);
        sample.correct = verdict.correct;
        sample.undecided = verdict.undecided;
        if (progress) progress(++finished, std::ssize(problems) * config.samples);
      });
  return report;
}

nlohmann::ordered_json report_json(const EvalReport& report, const EvalConfig& config,
                                   const std::string& model_hash) {
  const Interval interval = report.pass_at_1();
  nlohmann::ordered_json json = {{"model", model_hash},
                                 {"samples", config.samples},
                                 {"temperature", config.temperature},
                                 {"max_new_tokens", config.max_new_tokens},
                                 {"seed", config.seed},
                                 {"pass@1", interval.mean},
                                 {"pass@1_low", interval.low},
                                 {"pass@1_high", interval.high},
                                 {"mean_length", report.mean_length()},
                                 {"truncated", report.truncated_share()},
                                 {"undecided", report.undecided_share()}};
  auto& problems = json["problems"] = nlohmann::ordered_json::array();
  for (size_t p = 0; p < report.ids.size(); ++p) {
    nlohmann::ordered_json entry = {{"id", report.ids[p]}, {"samples", nlohmann::ordered_json::array()}};
    for (const EvalSample& s : report.samples[p]) {
      entry["samples"].push_back({{"correct", s.correct},
                                  {"undecided", s.undecided},
                                  {"truncated", s.truncated},
                                  {"tokens", s.tokens},
                                  {"extracted", s.extracted},
                                  {"reason", s.reason},
                                  {"text", s.text}});
    }
    problems.push_back(std::move(entry));
  }
  return json;
}

}  // namespace deepscaler
