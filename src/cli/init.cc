// `deepscaler init`: a model with random weights, for tests and benchmarks.
#include <CLI/CLI.hpp>
#include <memory>

#include "base/error.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/output_path.h"
#include "export/hf_folder.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

struct Options {
  std::string config, tokenizer, output;
  uint64_t seed = 0;
  float std = 0.02f;
};

void run(const Options& options) {
  require_own_folder(options.output);
  if (!options.config.ends_with(".json")) {
    throw Error(options.config, "does not end in .json", "name the config.json of a model");
  }
  const Tokenizer tokenizer =
      options.tokenizer.empty() ? byte_tokenizer() : Tokenizer::load(options.tokenizer);
  const ModelConfig config = read_hf_config_file(options.config);
  if (tokenizer.size() > config.vocabulary) {
    throw Error(options.config,
                fmt::format("a vocabulary of {} has no room for the {} tokens of the tokenizer",
                            config.vocabulary, tokenizer.size()),
                "raise vocab_size or choose another --tokenizer");
  }
  Model model(config);
  randomize(model, options.seed, options.std);
  write_hf_folder(model, tokenizer, DType::kF32, options.output);
  log_info("{}: {} parameters, model {}", options.output, model.table().count(), model.hash());
}

}  // namespace

void add_init_command(CLI::App& app) {
  auto* command = app.add_subcommand("init", "Make a model with random weights");
  auto options = std::make_shared<Options>();
  command->add_option("--config", options->config, "the config.json of the model to make")->required();
  command->add_option("--output", options->output, "folder to make")->required();
  command->add_option("--tokenizer", options->tokenizer,
                      "model whose tokenizer it gets; by default every byte is a token");
  command->add_option("--seed", options->seed, "of the weights")->check(is_seed())->capture_default_str();
  command->add_option("--std", options->std, "standard deviation of the weights; norms are one")
      ->check(positive())
      ->capture_default_str();
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
