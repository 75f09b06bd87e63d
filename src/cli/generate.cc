// `deepscaler generate`: responses to the prompts of a JSONL file, or one response on the terminal.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/generation_file.h"
#include "cli/generation_stream.h"
#include "cli/output_path.h"
#include "cli/prompts.h"
#include "cli/runtime_options.h"
#include "cli/sampling_flags.h"
#include "infer/generator.h"
#include "model/text_ends.h"
#include "run/own_files.h"

namespace deepscaler {
namespace {

using nlohmann::ordered_json;

struct Options {
  std::string model, input, output, prompt;
  bool chat = false;
  bool resume = false;
  int64_t samples = 1;
  std::optional<int64_t> limit;  // of prompts
  PromptConfig template_variables;
  GenerationFlags generation;
  GenerationMemory memory;
  RuntimeOptions runtime;
};

// What a response depends on beside its prompt and sample: the same in every line of a file.
Model load_model(const Options& options, const Tokenizer& tokenizer) {
  Model model = Model::load(options.model);
  model.end_responses_at(tokenizer.ends());
  compute_in(model, options.memory.dtype, options.model);
  return model;
}

ordered_json settings_json(const Options& options, const Model& model, const PromptEncoder& encoder) {
  ordered_json settings = {{"temperature", options.generation.options.sampling.temperature},
                           {"dtype", compute_type_name(model.compute_type())},
                           {"kernels", default_device().name()},
                           {"model", model.hash()},
                           {"sampling", sampling_json(options.generation)}};
  if (const auto day = encoder.day()) settings["date"] = *day;
  return settings;
}

// The responses that the file does not have yet.
std::vector<GenerationRequest> open_requests(const std::vector<Prompt>& prompts, int64_t samples,
                                             const GenerationFile& file, std::vector<int64_t>& prompt_of) {
  std::vector<GenerationRequest> requests;
  for (int64_t p = 0; p < std::ssize(prompts); ++p) {
    GenerationRequest request{.prompt = prompts[p].tokens, .stream = stream_of(prompts[p])};
    for (int64_t s = 0; s < samples; ++s) {
      if (!file.has(p, s)) request.sample_numbers.push_back(s);
    }
    if (request.sample_numbers.empty()) continue;
    request.samples = std::ssize(request.sample_numbers);
    request.name = prompts[p].where;
    requests.push_back(std::move(request));
    prompt_of.push_back(p);
  }
  return requests;
}

void generate_file(const Options& options, const Model& model, const PromptEncoder& encoder,
                   const std::vector<Prompt>& prompts) {
  const Tokenizer& tokenizer = encoder.tokenizer();
  const StopStrings stop(tokenizer, options.generation.stop);
  GenerationOptions sampling = generation_options(options.generation);
  sampling.stop = &stop;
  GenerationFile file(options.output, settings_json(options, model, encoder), prompts, stop);
  if (options.resume) file.resume(options.samples);
  std::vector<int64_t> prompt_of;
  const auto requests = open_requests(prompts, options.samples, file, prompt_of);

  const int64_t all = std::ssize(prompts) * options.samples;
  if (file.lines() > 0) log_info("{} of {} responses are there already", file.lines(), all);
  Generator generator(model, options.memory.kv_memory_mib << 20);
  Progress progress("generating", "tokens", 0);
  const StopNotice notice(fmt::format(
      "stopping: finished responses are kept in {}, and --resume goes on from there", options.output));
  try {
    generator.generate(
        requests, sampling,
        [&](int64_t request, int64_t sample, Generation&& generation) {
          const std::string text = tokenizer.decode(generation.tokens, {.skip_special_tokens = true});
          file.add(prompt_of[request], requests[request].sample_numbers[sample], text, generation);
          progress.set("responses", fmt::format("{}/{}", file.lines(), all));
        },
        [&](std::span<const Generator::NewToken> tokens) { progress.advance(std::ssize(tokens)); });
  } catch (const Interrupted&) {
    throw Error(options.output, fmt::format("stopped with {} of {} responses", file.lines(), all),
                "go on with --resume");
  }
  file.finish();
  if (generator.preemptions() > 0) {
    log_info(
        "{} times a response gave its keys and values back and was computed again; more --kv-memory is "
        "faster",
        generator.preemptions());
  }
}

void run(const Options& options) {
  apply(options.runtime);
  require_no_run(options.model);
  if (options.resume) {
    require_place_for(options.output, {options.input, options.model});
  } else if (!options.output.empty()) {
    require_new_file(options.output, {options.input, options.model},
                     "give --resume to go on with it, or choose another --output");
  }
  const Tokenizer tokenizer = load_tokenizer(options.model);
  const PromptEncoder encoder(tokenizer, options.template_variables);
  if (!options.input.empty()) {
    std::vector<Prompt> prompts = read_prompts(options.input, encoder);
    if (options.limit && *options.limit < std::ssize(prompts))
      prompts.resize(static_cast<size_t>(*options.limit));
    require_fewer_responses("--samples", std::ssize(prompts), options.samples);
    generate_file(options, load_model(options, tokenizer), encoder, prompts);
    return;
  }
  if (!options.chat && !options.template_variables.variables().empty()) {
    throw Error("--prompt", "is raw text, and only a chat template takes tools and variables", "give --chat");
  }
  const EncodedPrompt encoded =
      options.chat ? encoder.encode_turn(options.prompt)
                   : EncodedPrompt{tokenizer.encode(options.prompt), opens_think(options.prompt)};
  log_info("{}, {} tokens{}", options.chat ? "chat template" : "raw prompt", encoded.tokens.size(),
           encoded.opened_thinking ? ", <think> is open" : "");
  const Prompt prompt = {
      .tokens = encoded.tokens, .opened_thinking = encoded.opened_thinking, .where = "--prompt"};
  const Model model = load_model(options, tokenizer);
  Generator generator(model, options.memory.kv_memory_mib << 20);
  stream_response(generator, tokenizer, prompt, options.generation);
}

}  // namespace

void add_generate_command(CLI::App& app) {
  auto* command = app.add_subcommand(
      "generate", "Generate responses to the prompts of a JSONL file, or one on the terminal");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Hugging Face folder or GGUF file")->required();
  auto* source = command->add_option_group("source");
  auto* input =
      source->add_option("--input", options->input,
                         R"(lines {"prompt": text}, {"messages": [...]} or {"token_ids": [...]}, with "id")");
  auto* prompt = source->add_option("--prompt", options->prompt, "one prompt, answered on the terminal");
  source->require_option(1);
  auto* output = command->add_option("--output", options->output, "the JSONL file to write, in input order");
  input->needs(output);
  output->needs(input);
  command->add_option("--samples", options->samples, "responses a prompt")
      ->check(whole_number(1, kMostResponses))
      ->needs(input)
      ->capture_default_str();
  command->add_option("--limit", options->limit, "only the first so many prompts")
      ->check(whole_number(1, 1 << 30))
      ->needs(input);
  command->add_flag("--resume", options->resume, "keep the lines of --output and generate what is missing")
      ->needs(input);
  command
      ->add_flag("--chat", options->chat,
                 "put --prompt through the model's chat template, else it is raw text")
      ->needs(prompt);
  add_template_flags(*command, options->template_variables);
  add_generation_flags(*command, options->generation);
  add_generation_memory(*command, options->memory);
  add_runtime_options(*command, options->runtime);
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
