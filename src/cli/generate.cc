// `deepscaler generate`: responses to the prompts of a JSONL file, or one response on the terminal.
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/output_path.h"
#include "cli/runtime_options.h"
#include "cli/sampling_flags.h"
#include "cli/template_flags.h"
#include "data/problem_set.h"
#include "generate/generation_file.h"
#include "generate/missing_samples.h"
#include "generate/response_stream.h"
#include "generate/trace_set.h"
#include "model/text_ends.h"
#include "run/own_files.h"

namespace deepscaler {
namespace {

struct Options {
  std::string model, input, output, prompt;
  bool chat = false;
  bool resume = false;
  int64_t samples = 1;
  std::optional<int64_t> limit;   // of prompts
  bool grade = false;             // the lines of the input are problems
  std::string filter;             // where the right responses go as a data set
  std::vector<std::string> keep;  // what they must be besides, as KEY=VALUE
  PromptConfig template_variables;
  GenerationSettings generation;
  GenerationMemory memory;
  RuntimeOptions runtime;
};

TraceFilterConfig trace_filter_of(const std::vector<std::string>& keep) {
  TraceFilterConfig filter;
  read_config_text(fmt::format("{}", fmt::join(keep, "\n")), "--keep", {},
                   [&](ConfigSection& section) { bind(section, filter); });
  if (filter.least_reward) {
    throw Error("--keep least_reward", "has no effect, since this command gives no rewards",
                "leave it out, or use a stage of kind rejection");
  }
  return filter;
}

Model load_model(const Options& options, const Tokenizer& tokenizer) {
  Model model = load_for_use(options.model, options.memory.precision);
  model.end_responses_at(tokenizer.ends());
  return model;
}

void generate_file(const Options& options, Generator& generator, const PromptEncoder& encoder,
                   GenerationJob job) {
  GenerationFile file(options.output, std::move(job), generator, encoder);
  if (options.resume) file.resume();
  const int64_t all = file.all_responses();
  if (file.responses() > 0) log_info("{} of {} responses are there already", file.responses(), all);
  Progress progress("generating", "tokens", 0);
  const StopNotice notice(fmt::format(
      "stopping: finished responses are kept in {}, and --resume goes on from there", options.output));
  try {
    file.fill(
        {.finished =
             [&](int64_t responses) { progress.set("responses", fmt::format("{}/{}", responses, all)); },
         .tokens = [&](int64_t tokens) { progress.advance(tokens); }});
  } catch (const Interrupted&) {
    throw Error(options.output, fmt::format("stopped with {} of {} responses", file.responses(), all),
                "go on with --resume");
  }
  if (generator.preemptions() > 0) {
    log_info(
        "{} times a response gave its keys and values back and was computed again; more --kv-memory is "
        "faster",
        generator.preemptions());
  }
}

// A response on stdout, with a line break at its end, however it ends.
class TerminalText {
 public:
  ~TerminalText() {
    if (printed_) std::printf("\n");
    std::fflush(stdout);  // before what stderr says of it
  }
  void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
    printed_ = true;
  }

 private:
  bool printed_ = false;
};

void answer_on_terminal(Generator& generator, const Tokenizer& tokenizer, const Prompt& prompt,
                        const GenerationSettings& settings) {
  Generation response;
  {
    TerminalText terminal;
    response = stream_response(generator, tokenizer, prompt, settings,
                               [&](std::string_view text) { terminal.print(text); });
  }
  log_info("{} tokens, ended by {}", response.tokens.size(), finish_reason_name(response.finish_reason));
}

std::vector<Prompt> prompts_of(const Options& options, const PromptEncoder& encoder) {
  std::vector<Prompt> prompts = read_prompts(options.input, encoder);
  if (options.limit && *options.limit < std::ssize(prompts)) {
    prompts.resize(static_cast<size_t>(*options.limit));
  }
  require_fewer_responses("--samples", std::ssize(prompts), options.samples);
  warn_of_equal_samples("--samples", options.generation.options.sampling.temperature, options.samples);
  return prompts;
}

std::vector<Problem> problems_of(const Options& options) {
  const DataConfig data = {.files = {options.input}};
  std::vector<Problem> problems = load_problems(data, "--input", UnreadableAnswers::kKeep);
  if (options.limit && *options.limit < std::ssize(problems)) {
    problems.resize(static_cast<size_t>(*options.limit));
  }
  require_fewer_responses("--samples", std::ssize(problems), options.samples);
  warn_of_equal_samples("--samples", options.generation.options.sampling.temperature, options.samples);
  return problems;
}

std::vector<Prompt> prompts_of(const std::vector<Problem>& problems, const PromptEncoder& encoder) {
  std::vector<Prompt> prompts;
  for (const Problem& problem : problems) {
    EncodedPrompt encoded = encoder.encode(problem);
    prompts.push_back({.id = nlohmann::json(problem.id).dump(),
                       .tokens = std::move(encoded.tokens),
                       .opened_thinking = encoded.opened_thinking,
                       .where = problem.where});
  }
  return prompts;
}

Prompt prompt_of(const Options& options, const PromptEncoder& encoder) {
  if (!options.chat && !options.template_variables.variables().empty()) {
    throw Error("--prompt", "is raw text, and only a chat template takes tools and variables", "give --chat");
  }
  if (options.chat && encoder.chat_template() == nullptr) {
    throw Error("--chat", "the model has no chat template", "leave it out; the prompt is then raw text");
  }
  const EncodedPrompt encoded = options.chat ? encoder.encode_turn(options.prompt)
                                             : EncodedPrompt{encoder.encode_text(options.prompt, "--prompt"),
                                                             opens_think(options.prompt)};
  log_info("{}, {} tokens{}", options.chat ? "chat template" : "raw prompt", encoded.tokens.size(),
           encoded.opened_thinking ? ", <think> is open" : "");
  return {.tokens = encoded.tokens, .opened_thinking = encoded.opened_thinking, .where = "--prompt"};
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
  if (!options.filter.empty()) {
    require_new_file(options.filter, {options.input, options.output, options.model}, "name another --filter",
                     {.flag = "--filter"});
  }
  const TraceFilterConfig trace_filter = trace_filter_of(options.keep);
  const GenerationSettings settings = with_logit_biases(options.generation);
  const Tokenizer tokenizer = load_tokenizer(options.model);
  const PromptEncoder encoder(tokenizer, options.template_variables);
  const bool file = !options.input.empty();
  std::vector<Problem> problems;
  if (options.grade) problems = problems_of(options);
  std::vector<Prompt> prompts = !file           ? std::vector{prompt_of(options, encoder)}
                                : options.grade ? prompts_of(problems, encoder)
                                                : prompts_of(options, encoder);
  const Model model = load_model(options, tokenizer);
  Generator generator(model, options.memory.kv_memory_mib << 20);
  if (file)
    generate_file(options, generator, encoder,
                  {.prompts = std::move(prompts),
                   .samples = options.samples,
                   .problems = problems,
                   .settings = settings});
  else
    answer_on_terminal(generator, tokenizer, prompts[0], settings);
  if (options.filter.empty()) return;
  log_info("{}: {}", options.filter, write_trace_set(options.output, problems, trace_filter, options.filter));
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
  auto* prompt = source->add_option("--prompt", options->prompt, "one prompt, answered on the terminal")
                     ->check(is_text());
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
  auto* grade = command
                    ->add_flag("--grade", options->grade,
                               "--input holds problems with answers; each response is graded")
                    ->needs(input);
  command
      ->add_option("--filter", options->filter,
                   "write the right responses that are whole as a data set for sft, JSONL")
      ->needs(grade);
  command
      ->add_option("--keep", options->keep,
                   "what else they must be, a key of a rejection stage's keep: --keep most_per_problem=4")
      ->needs("--filter")
      ->allow_extra_args(false);
  command->add_option("--prompt-text", options->template_variables.text, "the user's turn, with {problem}")
      ->needs(grade)
      ->capture_default_str();
  command
      ->add_option("--system", options->template_variables.system,
                   "the system message, in place of the chat template's")
      ->needs(grade);
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
