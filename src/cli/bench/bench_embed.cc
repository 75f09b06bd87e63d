// `deepscaler bench embed`: how many texts become sentence embeddings in a second, one line of JSON a pass.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/stopwatch.h"
#include "cli/bench/bench_figures.h"
#include "cli/bench/bench_texts.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/runtime_options.h"
#include "embed/sentence_encoder.h"

namespace deepscaler {
namespace {

struct Options {
  std::string model, input;
  int64_t passes = 1;
  RuntimeOptions runtime;
};

void bench_embed(const Options& options) {
  apply(options.runtime);
  const SentenceEncoder encoder(options.model);
  const auto texts = read_bench_texts(options.input);
  for (int64_t pass = 0; pass < options.passes; ++pass) {
    const Stopwatch clock;
    const Matrix embeddings = encoder.embed(texts, [](int64_t) {});
    const double seconds = clock.seconds();
    print_figures({{"engine", "deepscaler"},
                   {"texts", texts.size()},
                   {"texts_per_second", static_cast<double>(embeddings.rows()) / seconds},
                   {"peak_mib", peak_mib()}});
  }
}

}  // namespace

void add_bench_embed_command(CLI::App& bench) {
  auto options = std::make_shared<Options>();
  auto* command = bench.add_subcommand("embed", "sentence embeddings per second");
  command->add_option("--model", options->model, "folder of all-MiniLM-L6-v2")->required();
  command->add_option("--input", options->input, R"(JSONL file of lines {"text": ...})")->required();
  command->add_option("--passes", options->passes, "over the texts, each with a line of figures")
      ->check(positive())
      ->capture_default_str();
  add_runtime_options(*command, options->runtime);
  command->callback([options] { bench_embed(*options); });
}

}  // namespace deepscaler
