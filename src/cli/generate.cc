// `deepscaler generate`: responses to prompts in a JSONL file.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/rng.h"
#include "cli/commands.h"
#include "cli/runtime_options.h"
#include "data/prompt_encoder.h"
#include "formats/jsonl.h"
#include "infer/engine.h"

namespace deepscaler {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

struct Options {
  std::string model, input, output;
  int64_t samples = 1;
  SamplingOptions sampling;
  GenerationMemory memory;
  RuntimeOptions runtime;
};

struct Prompt {
  ordered_json id;  // as given, null where there is none
  std::vector<TokenId> tokens;
};

Prompt read_prompt(const json& line, const std::string& where, const PromptEncoder& encoder) {
  const auto fail = [&](const char* what) {
    throw Error(where, what,
                "a line is {\"prompt\": text} or {\"messages\": [...]}, with an optional \"id\"");
  };
  if (!line.is_object()) fail("is not an object");
  const bool raw = line.contains("prompt");
  if (raw == line.contains("messages")) fail("needs either a prompt or messages");
  Prompt prompt;
  if (line.contains("id")) prompt.id = line["id"];
  if (raw) {
    if (!line["prompt"].is_string()) fail("its prompt is not a string");
    prompt.tokens = encoder.tokenizer().encode(line["prompt"].get_ref<const std::string&>());
    if (prompt.tokens.empty()) fail("its prompt has no tokens");
  } else {
    if (!line["messages"].is_array()) fail("its messages are not a list");
    prompt.tokens = encoder.encode_messages(ordered_json::parse(line["messages"].dump())).tokens;
  }
  return prompt;
}

std::vector<Prompt> read_prompts(const std::string& path, const PromptEncoder& encoder) {
  std::vector<Prompt> prompts;
  JsonlReader reader(path);
  for (json line; reader.next(line);) prompts.push_back(read_prompt(line, reader.where(), encoder));
  if (prompts.empty()) throw Error(path, "has no prompts", "give at least one line");
  return prompts;
}

// What the random numbers of a prompt go by: its id where it has one, else its tokens; so that order
// and neighbours in the file do not matter.
uint64_t stream_of(const Prompt& prompt) {
  if (!prompt.id.is_null()) return hash_name(prompt.id.dump());
  return hash_name(
      {reinterpret_cast<const char*>(prompt.tokens.data()), prompt.tokens.size() * sizeof(TokenId)});
}

// Writes responses in input order, each as soon as all before it are there.
class OrderedOutput {
 public:
  OrderedOutput(const Options& options, const std::vector<Prompt>& prompts, const Tokenizer& tokenizer,
                const Model& model)
      : options_(options),
        prompts_(prompts),
        tokenizer_(tokenizer),
        model_hash_(model.hash()),
        dtype_(compute_type_name(model.compute_type())),
        pending_(prompts.size() * static_cast<size_t>(options.samples)) {}

  void add(int64_t prompt, int64_t sample, Generation&& generation) {
    pending_[static_cast<size_t>(prompt * options_.samples + sample)] = std::move(generation);
    for (; next_ < pending_.size() && pending_[next_]; ++next_) {
      write(next_, *pending_[next_]);
      pending_[next_].reset();
    }
  }

 private:
  void write(size_t number, const Generation& generation) {
    const size_t index = number / static_cast<size_t>(options_.samples);
    const ordered_json line = {{"index", index},
                               {"id", prompts_[index].id},
                               {"sample", number % static_cast<size_t>(options_.samples)},
                               {"text", tokenizer_.decode(generation.tokens, {.skip_special_tokens = true})},
                               {"prompt_token_ids", prompts_[index].tokens},
                               {"token_ids", generation.tokens},
                               {"logprobs", generation.log_probs},
                               {"finish_reason", finish_reason_name(generation.finish_reason)},
                               {"temperature", options_.sampling.temperature},
                               {"dtype", dtype_},
                               {"model", model_hash_}};
    if (!writer_) writer_.emplace(options_.output, JsonlWriter::Start::kEmpty);
    writer_->write(line);
  }

  const Options& options_;
  const std::vector<Prompt>& prompts_;
  const Tokenizer& tokenizer_;
  std::string model_hash_, dtype_;
  std::optional<JsonlWriter> writer_;  // opened with the first line: bad input leaves an old file alone
  std::vector<std::optional<Generation>> pending_;
  size_t next_ = 0;
};

void run(const Options& options) {
  apply(options.runtime);
  const Tokenizer tokenizer = Tokenizer::load(options.model);
  const PromptEncoder encoder(tokenizer, {});
  const std::vector<Prompt> prompts = read_prompts(options.input, encoder);
  Model model = Model::load(options.model);
  model.compute_in(compute_type_from_name(options.memory.dtype));
  Engine engine(model, options.memory.kv_memory_mib << 20);

  std::vector<GenerationRequest> requests;
  for (const Prompt& prompt : prompts)
    requests.push_back({prompt.tokens, options.samples, stream_of(prompt)});
  OrderedOutput output(options, prompts, tokenizer, model);
  Progress progress("generating", "tokens", 0);
  int64_t responses = 0;
  engine.generate(
      requests, options.sampling,
      [&](int64_t prompt, int64_t sample, Generation&& generation) {
        output.add(prompt, sample, std::move(generation));
        progress.set("responses", fmt::format("{}/{}", ++responses, std::ssize(prompts) * options.samples));
      },
      [&](int64_t tokens) { progress.advance(tokens); });
}

}  // namespace

void add_generate_command(CLI::App& app) {
  auto* command = app.add_subcommand("generate", "Generate responses to the prompts of a JSONL file");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Hugging Face folder or GGUF file")->required();
  command
      ->add_option("--input", options->input, R"(lines {"prompt": text} or {"messages": [...]}, with "id")")
      ->required();
  command->add_option("--output", options->output, "the JSONL file to write, in input order")->required();
  command->add_option("--samples", options->samples, "responses a prompt")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--max-tokens", options->sampling.max_new_tokens, "longest response")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--temperature", options->sampling.temperature, "0 takes the most likely token")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--seed", options->sampling.seed, "of the random numbers")->capture_default_str();
  add_generation_memory(*command, options->memory);
  add_runtime_options(*command, options->runtime);
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
