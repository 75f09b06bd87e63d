// `deepscaler imatrix`: what a model's matrices are multiplied with over a text, for `deepscaler quantize`.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "base/log.h"
#include "base/progress.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/output_path.h"
#include "cli/quantize/text_flags.h"
#include "cli/runtime_options.h"
#include "export/input_squares.h"
#include "model/text_ends.h"
#include "run/own_files.h"

namespace deepscaler {
namespace {

struct Options {
  std::string model, output;
  TextFlags text;
  std::string dtype = "f32";
  RuntimeOptions runtime;
};

void run(const Options& options) {
  apply(options.runtime);
  require_no_run(options.model);
  require_new_file(options.output, {options.model, options.text.file});
  require_ending(options.output, ".gguf", "name it FILE.gguf");
  Model model = Model::load(options.model);
  compute_in(model, options.dtype, options.model);
  const TextChunks chunks = read_chunks(options.text, model.config(), load_tokenizer(options.model));
  InputSquares squares(model);
  Progress progress("reading", "chunks", std::ssize(chunks));
  for (const auto& chunk : chunks) {
    throw_if_stop_requested();
    squares.add(chunk);
    progress.advance();
  }
  ImportanceMatrix importance = squares.result();
  importance.datasets = {std::filesystem::path(options.text.file).filename().string()};
  write_importance(importance, options.output);
  log_info("{}: inputs of {} matrices over {} chunks of {} tokens", options.output, importance.inputs.size(),
           importance.chunks, importance.chunk_tokens);
}

}  // namespace

void add_imatrix_command(CLI::App& app) {
  auto* command = app.add_subcommand("imatrix", "Measure which columns of a model's matrices count most");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Hugging Face folder or GGUF file")->required();
  command->add_option("--output", options->output, "the importance matrix to write, a GGUF file")->required();
  add_text_flags(*command, options->text);
  add_dtype(*command, options->dtype);
  add_runtime_options(*command, options->runtime);
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
