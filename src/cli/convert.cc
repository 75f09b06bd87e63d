// `deepscaler convert`: a GGUF file or Hugging Face folder to a Hugging Face folder.
#include <CLI/CLI.hpp>
#include <memory>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/output_path.h"
#include "export/hf_folder.h"
#include "export/merged_adapter.h"
#include "model/text_ends.h"
#include "run/own_files.h"

namespace deepscaler {
namespace {

struct Options {
  std::string model, output;
  std::string dtype = "f32";
};

DType stored_dtype(const std::string& name) {
  return name == "bf16" ? DType::kBF16 : name == "f16" ? DType::kF16 : DType::kF32;
}

void warn_of_loss(const Model& adapted, DType dtype) {
  const MergeLoss loss = merge_loss(adapted, dtype);
  log_warning(
      "rounded to {}, {:.1f} % of the adapted weights are those of the base, and what the adapter changes is "
      "off by "
      "{:.1f} %; --dtype f32 keeps it",
      dtype_name(dtype), 100 * loss.unchanged, 100 * loss.error);
}

void run(const Options& options) {
  require_own_folder(options.output);
  require_no_run(options.model);
  const Tokenizer tokenizer = load_tokenizer(options.model);
  Model model = Model::load(options.model);
  model.end_responses_at(tokenizer.ends());
  if (model.base()) {
    if (const DType dtype = stored_dtype(options.dtype); dtype != DType::kF32) warn_of_loss(model, dtype);
    model = merged_model(model);
  }
  write_hf_folder(model, tokenizer, stored_dtype(options.dtype), options.output);
  log_info("{}: {} parameters in {}", options.output, model.table().count(), options.dtype);
}

}  // namespace

void add_convert_command(CLI::App& app) {
  auto* command = app.add_subcommand("convert", "Write a model as a Hugging Face folder");
  auto options = std::make_shared<Options>();
  command
      ->add_option("--model,model", options->model,
                   "Hugging Face folder or GGUF file, or a LoRA adapter, which is merged into its base")
      ->required();
  command->add_option("--output", options->output, "folder to make")->required();
  command->add_option("--dtype", options->dtype, "of the weights")
      ->check(CLI::IsMember({"f32", "bf16", "f16"}))
      ->capture_default_str();
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
