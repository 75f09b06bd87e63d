// `deepscaler serve`: a model behind HTTP, for clients of OpenAI's and of Ollama's API.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/api_keys.h"
#include "base/error.h"
#include "base/log.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/runtime_options.h"
#include "cli/sampling_flags.h"
#include "model/text_ends.h"
#include "run/own_files.h"
#include "serve/server.h"

namespace deepscaler {
namespace {

// A prompt is read in pieces of so many tokens, so that who has an answer under way waits less for its next.
constexpr int64_t kPromptRows = 128;

struct Options {
  std::string model, name, api_key_file;
  bool open_to_all = false;
  int64_t port = 8080;
  int64_t side_by_side = 64;
  int64_t body_mib = 8;
  std::optional<uint64_t> seed;
  SamplingConfig defaults = {.temperature = 0.6f, .top_p = 0.95f};
  ServerOptions server;
  GenerationMemory memory;
  RuntimeOptions runtime;
};

// The name of a folder or file, of which clients need not quote any letter.
std::string served_name(const Options& options) {
  namespace fs = std::filesystem;
  std::string name = options.name;
  if (name.empty()) {
    const fs::path path = fs::weakly_canonical(options.model);
    name = path.extension() == ".gguf" ? path.stem().string() : path.filename().string();
  }
  constexpr const char* kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:";
  if (name.empty() || name.find_first_not_of(kLetters) != std::string::npos) {
    throw Error("--name", fmt::format("'{}' is no name of a model", name),
                "take letters, digits and ._-: alone");
  }
  return name;
}

int64_t bytes_of(const std::filesystem::path& model) {
  namespace fs = std::filesystem;
  if (!fs::is_directory(model)) return static_cast<int64_t>(fs::file_size(model));
  int64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(model)) {
    if (entry.path().extension() == ".safetensors") bytes += static_cast<int64_t>(entry.file_size());
  }
  return bytes;
}

void run(Options options) {
  apply(options.runtime);
  require_no_run(options.model);
  const std::string name = served_name(options);
  if (!options.api_key_file.empty()) options.server.access.keys = read_api_keys(options.api_key_file);
  const Tokenizer tokenizer = load_tokenizer(options.model);
  Model model = load_for_use(options.model, options.memory.precision);
  model.end_responses_at(tokenizer.ends());
  Generator generator(model, options.memory.kv_memory_mib << 20, default_device(),
                      {.prompt_rows = kPromptRows, .samples = options.side_by_side});
  ServedModel served(model, tokenizer, name);
  served.created = std::time(nullptr);
  served.is_gguf = std::filesystem::path(options.model).extension() == ".gguf";
  served.file_bytes = bytes_of(options.model);
  served.most_positions = generator.most_positions();
  served.defaults = options.defaults;
  served.seed = options.seed;
  options.server.port = static_cast<uint16_t>(options.port);
  options.server.limits.body_bytes = static_cast<size_t>(options.body_mib) << 20;
  Server server(served, generator, options.server, options.open_to_all);
  const bool is_v6 = options.server.host.find(':') != std::string::npos;
  log_info("{} at http://{}{}{}:{}/v1; Ctrl-C stops it", name, is_v6 ? "[" : "", options.server.host,
           is_v6 ? "]" : "", server.port());
  const StopNotice notice("stopping: what is being answered is broken off");
  server.run();
}

}  // namespace

void add_serve_command(CLI::App& app) {
  auto* command = app.add_subcommand("serve", "Answer clients of OpenAI's and Ollama's APIs over HTTP");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Hugging Face folder or GGUF file")->required();
  command->add_option("--name", options->name,
                      "what clients call the model (default: its folder's or file's name)");
  command->add_option("--host", options->server.host, "the address to listen at")->capture_default_str();
  command->add_option("--port", options->port, "and its port; 0 for one that is free")
      ->check(whole_number(0, 65535))
      ->capture_default_str();
  command->add_option(
      "--api-key-file", options->api_key_file,
      "keys, one a line, one of which every client must send; only its owner may read the file");
  command->add_flag("--open-to-all", options->open_to_all,
                    "listen where other machines can connect, without keys");
  command
      ->add_option("--cors-origin", options->server.access.origins,
                   "web pages that may ask, as http://localhost:3000; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--parallel", options->side_by_side, "responses that are computed side by side")
      ->check(whole_number(1, 4096))
      ->capture_default_str();
  command
      ->add_option("--queue", options->server.most_open, "requests that are open at a time; more are refused")
      ->check(whole_number(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--max-body", options->body_mib, "MiB of a request")
      ->check(whole_number(1, 1024))
      ->capture_default_str();
  add_sampling_defaults(*command, options->defaults);
  command->add_option("--seed", options->seed, "of requests without one (default: another one for each)")
      ->check(is_seed());
  add_generation_memory(*command, options->memory);
  add_runtime_options(*command, options->runtime);
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
