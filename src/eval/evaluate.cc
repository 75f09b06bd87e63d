#include "eval/evaluate.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/rng.h"
#include "data/grading.h"
#include "generate/missing_samples.h"
#include "model/device.h"
#include "verify/version.h"

namespace deepscaler {
namespace {

class Evaluation {
 public:
  Evaluation(const PromptEncoder& encoder, const std::vector<Problem>& problems, const EvalSettings& settings,
             const EvalProgress& progress, SampleLog* log)
      : encoder_(encoder), problems_(problems), progress_(progress), log_(log) {
    report_ = {.settings = settings, .program = DEEPSCALER_VERSION, .verifier = verifier_version()};
    const int64_t samples = settings.config.samples;
    for (const Problem& p : problems) {
      prompts_.push_back(encoder.encode(p));
      report_.problems.push_back({.id = p.id,
                                  .set = p.source,
                                  .problem = p.problem,
                                  .answers = p.answers,
                                  .prompt = encoder.tokenizer().decode(prompts_.back().tokens),
                                  .samples = std::vector<EvalSample>(samples)});
    }
    done_.assign(problems.size(), std::vector<bool>(samples));
  }

  void take_earlier_samples() {
    for (const LoggedSample& sample : log_->earlier()) {
      if (sample.id != problems_[sample.problem].id) {
        throw Error(sample.id, "the samples kept so far are of problems in another order",
                    "name the data as before, or another --output");
      }
      enter(sample);
    }
  }

  void check_room(const ModelConfig& model) const {
    const int64_t limit = report_.settings.config.sampling.max_response_tokens;
    for (size_t p = 0; p < prompts_.size(); ++p) {
      const auto length = std::ssize(prompts_[p].tokens);
      if (length + limit <= model.context) continue;
      const Problem& problem = problems_[p];
      throw Error(
          problem.where.empty() ? problem.id : problem.where,
          fmt::format("its prompt of {} tokens and {} of a response exceed the model's context of {} by {}",
                      length, limit, model.context, length + limit - model.context),
          length < model.context
              ? "allow shorter responses, or leave such problems out with max_prompt_tokens"
              : "leave such problems out with max_prompt_tokens");
    }
  }

  void generate(Generator& generator) {
    const EvalConfig& config = report_.settings.config;
    const GenerationOptions options = {.sampling = config.sampling, .seed = config.seed};
    const SampleBatch batch = {.items = std::ssize(problems_),
                               .samples = config.samples,
                               .request =
                                   [&](int64_t p) {
                                     return GenerationRequest{.prompt = prompts_[p].tokens,
                                                              .stream = hash_name(problems_[p].id)};
                                   },
                               .has = [&](SampleName name) { return done_[name.item][name.sample]; }};
    generate_missing(generator, batch, options, [&](SampleName name, Generation&& generation) {
      const LoggedSample logged = {
          .problem = name.item,
          .id = problems_[name.item].id,
          .sample = name.sample,
          .tokens = std::ssize(generation.tokens),
          .truncated = generation.finish_reason == FinishReason::kLength,
          .text = encoder_.tokenizer().decode(generation.tokens, {.skip_special_tokens = true})};
      if (log_ != nullptr) log_->add(logged);
      enter(logged);
    });
  }

  EvalReport take_report() { return std::move(report_); }

 private:
  // Grades a sample and puts it into its place.
  void enter(const LoggedSample& logged) {
    const Verdict verdict =
        grade_response(problems_[logged.problem], logged.text, prompts_[logged.problem].opened_thinking);
    report_.problems[logged.problem].samples[logged.sample] = {
        .text = logged.text,
        .extracted = verdict.extracted,
        .reason = std::string(reason_name(verdict.reason)),
        .correct = verdict.correct,
        .undecided = verdict.undecided,
        .truncated = logged.truncated,
        .tokens = logged.tokens};
    done_[logged.problem][logged.sample] = true;
    ++finished_;
    right_ += verdict.correct;
    if (progress_) progress_(finished_, right_);
  }

  const PromptEncoder& encoder_;
  const std::vector<Problem>& problems_;
  const EvalProgress& progress_;
  SampleLog* log_;
  std::vector<EncodedPrompt> prompts_;
  std::vector<std::vector<bool>> done_;  // by problem and sample
  int64_t finished_ = 0, right_ = 0;
  EvalReport report_;
};

}  // namespace

EvalSettings eval_settings(const Model& model, const std::string& model_path, const PromptEncoder& encoder,
                           const std::vector<Problem>& problems, const EvalConfig& config) {
  const PromptConfig& prompt = encoder.config();
  const auto variables = prompt.variables();
  return {.model = model_path,
          .model_hash = model.hash(),
          .prompt = prompt.text,
          .system = prompt.system,
          .chat_template_kwargs = variables.empty() ? "" : variables.dump(),
          .date = encoder.day().value_or(""),
          .kernels = default_device().name(),
          .dtype = std::string(compute_type_name(model.compute_type())),
          .products = std::string(model.is_quantized() ? products_name(model.products()) : ""),
          .kv = model.stores_keys_values_in_q8() ? "q8_0" : "",
          .config = config,
          .sets = sets_of(problems)};
}

int64_t leave_out_long(std::vector<Problem>& problems, const PromptEncoder& encoder,
                       int64_t max_prompt_tokens) {
  return static_cast<int64_t>(std::erase_if(problems, [&](const Problem& problem) {
    return std::ssize(encoder.encode(problem).tokens) > max_prompt_tokens;
  }));
}

EvalReport evaluate(Generator& generator, const PromptEncoder& encoder, const std::vector<Problem>& problems,
                    const EvalSettings& settings, const EvalProgress& progress, SampleLog* log) {
  require_fewer_responses("evaluation", std::ssize(problems), settings.config.samples);
  Evaluation evaluation(encoder, problems, settings, progress, log);
  evaluation.check_room(generator.model().config());
  if (log != nullptr) evaluation.take_earlier_samples();
  evaluation.generate(generator);
  return evaluation.take_report();
}

}  // namespace deepscaler
