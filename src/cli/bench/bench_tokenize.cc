// `deepscaler bench tokenize`: how fast texts become token ids on one core, one line of JSON a pass.
#include <CLI/CLI.hpp>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "cli/bench/bench_figures.h"
#include "cli/bench/bench_texts.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "run/own_files.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {
namespace {

struct Options {
  std::string model, input;
  int64_t passes = 2;
};

void bench_tokenize(const Options& options) {
  require_no_run(options.model);
  const Tokenizer tokenizer = Tokenizer::load(options.model);
  const auto texts = read_bench_texts(options.input);
  int64_t bytes = 0;
  for (const std::string& text : texts) bytes += std::ssize(text);

  for (int64_t pass = 0; pass < options.passes; ++pass) {
    std::vector<std::vector<TokenId>> ids;
    ids.reserve(texts.size());
    const std::clock_t begin = std::clock();  // of this core's work, whatever else the machine does
    for (const std::string& text : texts)
      ids.push_back(tokenizer.encode(text, {.add_special_tokens = false}));
    const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;

    Sha256 hash;
    int64_t tokens = 0;
    for (const auto& text : ids) {
      hash.add({reinterpret_cast<const char*>(text.data()), text.size() * sizeof(TokenId)});
      tokens += std::ssize(text);
    }
    print_figures({{"engine", "deepscaler"},
                   {"pass", pass == 0 ? "first" : "later"},  // words that were seen are remembered
                   {"texts", texts.size()},
                   {"bytes", bytes},
                   {"tokens", tokens},
                   {"ids", hash.hex().substr(0, 12)},
                   {"encode_seconds", seconds},
                   {"mb_per_second", static_cast<double>(bytes) * 1e-6 / seconds}});
  }
}

}  // namespace

void add_bench_tokenize_command(CLI::App& bench) {
  auto options = std::make_shared<Options>();
  auto* command = bench.add_subcommand("tokenize", "megabytes of text per second on one core");
  command->add_option("--model", options->model, "Hugging Face folder or GGUF file")->required();
  command->add_option("--input", options->input, R"(JSONL file of lines {"text": ...})")->required();
  command->add_option("--passes", options->passes, "over the texts, each with a line of figures")
      ->check(positive())
      ->capture_default_str();
  command->callback([options] { bench_tokenize(*options); });
}

}  // namespace deepscaler
