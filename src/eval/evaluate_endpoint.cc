#include "eval/evaluate_endpoint.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/log.h"
#include "formats/json_text.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFieldsFlag = "--request-fields";

Json parse_fields(const std::string& text) {
  if (text.empty()) return Json::object();
  Json fields = parse_record(text, kFieldsFlag);
  if (!fields.is_object()) {
    throw Error(kFieldsFlag, "is no JSON object", R"(write for example '{"reasoning_effort": "low"}')");
  }
  return fields;
}

Json messages_of(const EvalSettings& settings, const Problem& problem) {
  Json messages = Json::array();
  if (!settings.system.empty()) messages.push_back({{"role", "system"}, {"content", settings.system}});
  messages.push_back({{"role", "user"}, {"content", make_prompt(settings.prompt, problem.problem)}});
  return messages;
}

// Kept answers are found by what was asked.
void require_requests_that_differ(const ChatEndpoint& endpoint, const std::vector<Problem>& problems,
                                  const EvalSettings& settings) {
  if (endpoint.options().cache.empty() || settings.config.samples == 1 || problems.empty()) return;
  if (endpoint_request(settings, problems[0], 0) == endpoint_request(settings, problems[0], 1)) {
    throw Error(kFieldsFlag, "without seeds all samples of a problem would be one kept answer",
                "leave out --cache, or the null for seed");
  }
}

void warn_of_missing_lengths(const EvalReport& report) {
  int64_t missing = 0, all = 0;
  for (const EvalProblem& problem : report.problems) {
    for (const EvalSample& sample : problem.samples) {
      ++all;
      missing += sample.tokens == 0 && !sample.text.empty();
    }
  }
  if (missing > 0) {
    log_warning("the server does not say how long {} of {} answers are; they count as 0 tokens", missing,
                all);
  }
}

}  // namespace

EvalSettings endpoint_settings(const EndpointModel& model, const PromptConfig& prompt,
                               const std::vector<Problem>& problems, const EvalConfig& config) {
  const Json fields = parse_fields(model.request_fields);
  for (const char* key : {"model", "messages", "n", "stream"}) {
    if (fields.contains(key)) {
      throw Error(kFieldsFlag, fmt::format("{} is not to be set", key),
                  "--model and --prompt say what is asked, --samples how often");
    }
  }
  if (fields.contains("seed") && !fields["seed"].is_null()) {
    throw Error(kFieldsFlag, "one seed would give every sample the same answer",
                "give --seed, of which each sample gets its own");
  }
  return {.model = model.name,
          .endpoint = model.url,
          .request_fields = fields.empty() ? "" : fields.dump(),
          .prompt = prompt.text,
          .system = prompt.system,
          .config = config,
          .sets = sets_of(problems)};
}

Json endpoint_request(const EvalSettings& settings, const Problem& problem, int64_t sample) {
  const SamplingConfig none = {}, &sampling = settings.config.sampling;
  const Json written = settings_json(settings);  // 0.6f as 0.6
  Json request = {{"model", settings.model},
                  {"messages", messages_of(settings, problem)},
                  {"temperature", written["temperature"]},
                  {"top_p", written["top_p"]},
                  {"max_tokens", sampling.max_response_tokens},
                  {"seed", request_seed(settings.config.seed, problem.id, sample)}};
  if (sampling.top_k != none.top_k) request["top_k"] = written["top_k"];
  if (sampling.min_p != none.min_p) request["min_p"] = written["min_p"];
  if (sampling.repetition_penalty != none.repetition_penalty)
    request["repetition_penalty"] = written["repetition_penalty"];
  request.merge_patch(parse_fields(settings.request_fields));
  return request;
}

EvalReport evaluate_endpoint(ChatEndpoint& endpoint, const std::vector<Problem>& problems,
                             const EvalSettings& settings, int64_t side_by_side, const EvalProgress& progress,
                             SampleLog* log) {
  const int64_t samples = settings.config.samples;
  require_fewer_responses("evaluation", std::ssize(problems), samples);
  require_requests_that_differ(endpoint, problems, settings);
  std::vector<EvalPrompt> prompts;
  for (const Problem& problem : problems) prompts.push_back({messages_of(settings, problem).dump(1)});
  ReportBuilder report(problems, std::move(prompts), settings, progress, log);
  report.take_earlier_samples();
  std::vector<SampleName> missing;
  for (SampleName name; name.item < std::ssize(problems); ++name.item) {
    for (name.sample = 0; name.sample < samples; ++name.sample) {
      if (!report.has(name)) missing.push_back(name);
    }
  }
  int64_t unanswered = 0;
  ask_all(endpoint, {.requests = std::ssize(missing),
                     .side_by_side = side_by_side,
                     .request =
                         [&](int64_t i) {
                           return endpoint_request(settings, problems[missing[i].item], missing[i].sample);
                         },
                     .purpose =
                         [&](int64_t i) {
                           const Problem& problem = problems[missing[i].item];
                           return problem.where.empty() ? problem.id : problem.where;
                         },
                     .on_answer =
                         [&](int64_t i, ChatAnswer&& answer) {
                           const ChatChoice& choice = answer.choices[0];
                           unanswered += choice.fault().empty() ? 0 : 1;
                           report.add(missing[i], choice.text(), answer.completion_tokens,
                                      choice.finish_reason == "length");
                         }});
  EvalReport finished = report.take_report();
  if (unanswered > 0) {
    log_warning("{} of {} answers were empty or withheld by the server's filter; they count as wrong",
                unanswered, missing.size());
  }
  warn_of_missing_lengths(finished);
  return finished;
}

}  // namespace deepscaler
