#include "eval/results_files.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/sha256.h"
#include "eval/statistics.h"
#include "formats/jsonl.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string task_name(std::string_view set) {
  std::string name;
  for (const char c : set) {
    const auto byte = static_cast<unsigned char>(c);
    name += std::isalnum(byte) != 0 || byte >= 0x80 ? static_cast<char>(std::tolower(byte)) : '_';
  }
  return name;
}

EvalReport of_set(const EvalReport& report, const std::string& set) {
  EvalReport part = {
      .settings = report.settings, .program = report.program, .verifier = report.verifier, .problems = {}};
  std::ranges::copy_if(report.problems, std::back_inserter(part.problems),
                       [&](const EvalProblem& problem) { return problem.set == set; });
  return part;
}

Json generation_of(const EvalSettings& settings) {
  const SamplingConfig& sampling = settings.config.sampling;
  return {{"temperature", sampling.temperature},
          {"top_p", sampling.top_p},
          {"top_k", sampling.top_k},
          {"min_p", sampling.min_p},
          {"repetition_penalty", sampling.repetition_penalty},
          {"max_gen_toks", sampling.max_response_tokens}};
}

void write(const fs::path& file, const Json& json) {
  write_file_atomically(file, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

// One line a problem that has decided samples, as lm-eval has one a document.
void write_lm_eval_samples(const fs::path& file, const EvalReport& part) {
  JsonlWriter lines(file, JsonlWriter::Start::kEmpty);
  const Json generation = generation_of(part.settings);
  for (size_t i = 0; i < part.problems.size(); ++i) {
    const EvalProblem& problem = part.problems[i];
    Json responses = Json::array(), extracted = Json::array();
    int64_t right = 0;
    for (const EvalSample& sample : problem.samples) {
      if (sample.undecided) continue;
      responses.push_back(sample.text);
      extracted.push_back(sample.extracted);
      right += sample.correct ? 1 : 0;
    }
    if (responses.empty()) continue;
    const Json doc = {{"problem", problem.problem}, {"answer", problem.answers.front()}, {"id", problem.id}};
    const double share = static_cast<double>(right) / static_cast<double>(responses.size());
    lines.write(Json{{"doc_id", i},
                     {"doc", doc},
                     {"target", problem.answers.front()},
                     {"arguments", {{"gen_args_0", {{"arg_0", problem.prompt}, {"arg_1", generation}}}}},
                     {"resps", Json::array({responses})},
                     {"filtered_resps", extracted},
                     {"filter", "none"},
                     {"metrics", {"exact_match"}},
                     {"doc_hash", sha256_hex(doc.dump(-1, ' ', false, Json::error_handler_t::replace))},
                     {"prompt_hash", sha256_hex(problem.prompt)},
                     {"target_hash", sha256_hex(problem.answers.front())},
                     {"exact_match", share}});
  }
}

void write_lm_eval(const fs::path& folder, const EvalReport& report) {
  Json results, configs, versions, shots, samples, higher;
  for (const EvalSet& set : report.settings.sets) {
    const std::string task = task_name(set.name);
    const EvalReport part = of_set(report, set.name);
    const Interval pass = part.pass_at_1();
    results[task] = {{"alias", set.name},
                     {"exact_match,none", pass.mean},
                     {"exact_match_stderr,none", pass.standard_error}};
    configs[task] = {{"task", task},
                     {"doc_to_text", report.settings.prompt},
                     {"description", report.settings.system},
                     {"output_type", "generate_until"},
                     {"generation_kwargs", generation_of(report.settings)},
                     {"repeats", report.settings.config.samples},
                     {"metadata", {{"sha256", set.sha256}, {"grader", report.verifier}}}};
    versions[task] = 1;
    shots[task] = 0;
    samples[task] = {{"original", set.problems}, {"effective", pass.problems}};
    higher[task] = {{"exact_match", true}};
    write_lm_eval_samples(folder / fmt::format("samples_{}.jsonl", task), part);
  }
  write(
      folder / "results.json",
      {{"results", results},
       {"group_subtasks", Json::object()},
       {"configs", configs},
       {"versions", versions},
       {"n-shot", shots},
       {"higher_is_better", higher},
       {"n-samples", samples},
       {"config",
        {{"model", "deepscaler"},
         {"model_args", fmt::format("pretrained={},dtype={}", report.settings.model, report.settings.dtype)},
         {"model_revision", report.settings.model_hash},
         {"random_seed", report.settings.config.seed}}},
       {"git_hash", report.program},
       {"model_name", report.settings.model}});
}

void write_lighteval(const fs::path& folder, const EvalReport& report) {
  const std::string metric = report.settings.config.samples == 1
                                 ? "pass@k:k=1"
                                 : fmt::format("pass@k:k=1&n={}", report.settings.config.samples);
  Json results, versions, configs;
  double mean = 0, error = 0;
  for (const EvalSet& set : report.settings.sets) {
    const std::string task = task_name(set.name);
    const Interval pass = of_set(report, set.name).pass_at_1();
    results[task + "|0"] = {{metric, pass.mean}, {metric + "_stderr", pass.standard_error}};
    versions[task + "|0"] = 1;
    configs[task + "|0"] = {{"name", task},
                            {"num_fewshots", 0},
                            {"original_num_docs", set.problems},
                            {"effective_num_docs", pass.problems},
                            {"generation_size", report.settings.config.sampling.max_response_tokens}};
    mean += pass.mean;
    error += pass.standard_error;
  }
  // Plain means over the tasks, which is what lighteval calls all.
  const auto count = static_cast<double>(report.settings.sets.size());
  results["all"] = {{metric, mean / count}, {metric + "_stderr", error / count}};
  write(
      folder / "results.json",
      {{"config_general",
        {{"lighteval_sha", report.program},
         {"model_config",
          {{"model_name", report.settings.model}, {"generation_parameters", generation_of(report.settings)}}},
         {"model_name", report.settings.model},
         {"model_sha", report.settings.model_hash},
         {"model_dtype", report.settings.dtype}}},
       {"results", results},
       {"versions", versions},
       {"config_tasks", configs},
       {"summary_tasks", Json::object()},
       {"summary_general", Json::object()}});
}

constexpr ResultsForm kForms[] = {{"lm-eval", write_lm_eval}, {"lighteval", write_lighteval}};

}  // namespace

std::span<const ResultsForm> results_forms() { return kForms; }

const ResultsForm& find_results_form(std::string_view name) {
  std::vector<std::string> names;
  for (const ResultsForm& form : kForms) {
    if (form.name == name) return form;
    names.emplace_back(form.name);
  }
  throw Error("--format", fmt::format("there is no form {}", name), suggest_name(name, names));
}

}  // namespace deepscaler
