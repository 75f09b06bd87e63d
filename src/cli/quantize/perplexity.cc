// `deepscaler perplexity`: how well a model predicts a text, and what another form of it changes.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/quantize/text_flags.h"
#include "cli/runtime_options.h"
#include "model/text_ends.h"
#include "run/own_files.h"

namespace deepscaler {
namespace {

struct Options {
  std::string model, base;
  TextFlags text;
  Precision precision;
  RuntimeOptions runtime;
};

Model load(const std::string& path, const Precision& precision) {
  require_no_run(path);
  return load_for_use(path, precision);
}

// The base must read the very tokens that the model reads. It computes in floats: it is what is exact.
Model load_base(const Options& options, const Model& model, const TextChunks& chunks) {
  Model base = load(options.base, {.dtype = options.precision.dtype, .products = "float"});
  if (base.config().vocabulary != model.config().vocabulary ||
      read_chunks(options.text, base.config(), load_tokenizer(options.base)) != chunks) {
    throw Error(options.base, fmt::format("reads the text as other tokens than {}", options.model),
                "compare two forms of one model");
  }
  return base;
}

void print_divergence(const Divergence& d) {
  fmt::print("perplexity of the base      {:.4f} +- {:.4f}\n", d.base_perplexity.value,
             d.base_perplexity.error);
  fmt::print("ln of their ratio           {:.4g} +- {:.2g}\n", d.log_ratio.value, d.log_ratio.error);
  fmt::print("KL divergence               {:.4g} +- {:.2g}; median {:.4g}, 99 % {:.4g}, largest {:.4g}\n",
             d.divergence.value, d.divergence.error, d.median, d.percentile_99, d.largest);
  fmt::print("same most likely token      {:.3f} +- {:.3f} %\n", 100 * d.same_top.value,
             100 * d.same_top.error);
  fmt::print("RMS change of probability   {:.3f} +- {:.3f} %\n", 100 * d.rms_probability.value,
             100 * d.rms_probability.error);
}

void run(const Options& options) {
  apply(options.runtime);
  const Model model = load(options.model, options.precision);
  const TextChunks chunks = read_chunks(options.text, model.config(), load_tokenizer(options.model));
  std::optional<Model> base;
  if (!options.base.empty()) base = load_base(options, model, chunks);
  std::vector<Prediction> predictions;
  {
    Progress progress("reading", "chunks", std::ssize(chunks));
    predictions =
        predict_text(model, base ? &*base : nullptr, chunks, [&](int64_t done) { progress.update(done); });
  }
  const TextFit fit = text_fit(predictions);
  fmt::print("tokens scored               {} in {} chunks of {}\n", fit.tokens, chunks.size(),
             options.text.context);
  fmt::print("perplexity                  {:.4f} +- {:.4f}\n", fit.perplexity.value, fit.perplexity.error);
  if (base) print_divergence(divergence(predictions));
}

}  // namespace

void add_perplexity_command(CLI::App& app) {
  auto* command = app.add_subcommand(
      "perplexity", "How well a model predicts a text, and how far its predictions are from a base's");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Hugging Face folder or GGUF file")->required();
  command->add_option("--against", options->base, "the base: the model before it was quantized");
  add_text_flags(*command, options->text);
  add_precision(*command, options->precision);
  add_runtime_options(*command, options->runtime);
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
