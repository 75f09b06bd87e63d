#include "eval/evaluate.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/rng.h"
#include "generate/missing_samples.h"
#include "model/device.h"

namespace deepscaler {
namespace {

// Throws Error for a prompt that leaves no room for the longest response.
void check_room(const std::vector<Problem>& problems, const std::vector<EncodedPrompt>& prompts,
                const ModelConfig& model, int64_t limit) {
  for (size_t p = 0; p < prompts.size(); ++p) {
    const auto length = std::ssize(prompts[p].tokens);
    if (length + limit <= model.context) continue;
    const Problem& problem = problems[p];
    throw Error(
        problem.where.empty() ? problem.id : problem.where,
        fmt::format("its prompt of {} tokens and {} of a response exceed the model's context of {} by {}",
                    length, limit, model.context, length + limit - model.context),
        length < model.context ? "allow shorter responses, or leave such problems out with max_prompt_tokens"
                               : "leave such problems out with max_prompt_tokens");
  }
}

void generate(Generator& generator, const Tokenizer& tokenizer, const std::vector<Problem>& problems,
              const std::vector<EncodedPrompt>& prompts, const EvalConfig& config, ReportBuilder& report) {
  const GenerationOptions options = {.sampling = config.sampling, .seed = config.seed};
  const SampleBatch batch = {.items = std::ssize(problems),
                             .samples = config.samples,
                             .request =
                                 [&](int64_t p) {
                                   return GenerationRequest{.prompt = prompts[p].tokens,
                                                            .stream = hash_name(problems[p].id)};
                                 },
                             .has = [&](SampleName name) { return report.has(name); }};
  generate_missing(generator, batch, options, [&](SampleName name, Generation&& generation) {
    report.add(name, tokenizer.decode(generation.tokens, {.skip_special_tokens = true}),
               std::ssize(generation.tokens), generation.finish_reason == FinishReason::kLength);
  });
}

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
  const Tokenizer& tokenizer = encoder.tokenizer();
  std::vector<EncodedPrompt> prompts;
  std::vector<EvalPrompt> shown;
  for (const Problem& problem : problems) {
    prompts.push_back(encoder.encode(problem));
    shown.push_back({tokenizer.decode(prompts.back().tokens), prompts.back().opened_thinking});
  }
  const EvalConfig& config = settings.config;
  check_room(problems, prompts, generator.model().config(), config.sampling.max_response_tokens);
  ReportBuilder report(problems, std::move(shown), settings, progress, log);
  report.take_earlier_samples();
  generate(generator, tokenizer, problems, prompts, config, report);
  return report.take_report();
}

}  // namespace deepscaler
