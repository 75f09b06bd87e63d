// `deepscaler bench`: how fast generation and training are on a model, one line of JSON a setting, with the
// share of the time that their matrix products alone take (cli/bench/product_time.h).
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/rng.h"
#include "base/stopwatch.h"
#include "cli/bench/bench_figures.h"
#include "cli/bench/product_time.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "cli/runtime_options.h"
#include "export/quantization_mix.h"
#include "formats/gguf.h"
#include "infer/generator.h"
#include "run/own_files.h"
#include "train/optimizers/adamw.h"
#include "train/sft.h"
#include "train/step.h"

namespace deepscaler {
namespace {

using nlohmann::ordered_json;

struct Options {
  std::string model;
  int64_t prompt_tokens = 64, new_tokens = 96;
  std::vector<int64_t> batches = {1, 8, 64};
  std::vector<std::string> dtypes = {"f32"};
  std::string products;  // of quantized weights; empty: they are made floats
  int64_t sequences = 8, length = 256, steps = 3;
  std::string config;
  int64_t prompt = 1, token_budget = 2048;
  bool written_out = false, no_update = false;
  std::string recompute = "none";
  RuntimeOptions runtime;
};

template <class Work>
double seconds(const Work& work) {
  const Stopwatch watch;
  work();
  return watch.seconds();
}

std::vector<int32_t> random_tokens(const Model& model, int64_t count, uint64_t stream) {
  std::vector<int32_t> tokens;
  const Rng rng(1, {stream});
  for (int64_t i = 0; i < count; ++i) {
    tokens.push_back(static_cast<int32_t>(rng.below(static_cast<uint64_t>(model.config().vocabulary), i)));
  }
  return tokens;
}

double generate(Generator& generator, const Model& model, const Options& options, int64_t batch,
                int64_t new_tokens) {
  std::vector<GenerationRequest> requests;
  for (int64_t i = 0; i < batch; ++i) {
    requests.push_back({random_tokens(model, options.prompt_tokens, i), 1, static_cast<uint64_t>(i)});
  }
  return seconds([&] {
    generator.generate(requests, {.sampling = {.max_response_tokens = new_tokens}, .ignore_eos = true},
                       [](int64_t, int64_t, Generation&&) {});
  });
}

// A prefill is short, so the best of so many counts; as of the products beside it, and of the peers'.
constexpr int kPrefills = 3;

// As a file says of itself what it is quantized to: "q4_k_m".
std::string stored_format(const std::string& path) {
  const int64_t number = GgufFile(path).find_integer("general.file_type").value_or(-1);
  const auto type = std::ranges::find(file_types(), number, &FileType::number);
  if (type == file_types().end()) return "quantized";
  std::string name(type->name);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

// One token of a sequence comes with its prompt; the others are decoding.
void bench_decode(const Options& options, const Model& model) {
  Generator generator(model, int64_t{4} << 30);
  (void)generate(generator, model, options, options.batches.back(), 2);  // memory is there from now on
  for (int64_t batch : options.batches) {
    double prefill = generate(generator, model, options, batch, 1);
    for (int i = 1; i < kPrefills; ++i)
      prefill = std::min(prefill, generate(generator, model, options, batch, 1));
    const double decode = generate(generator, model, options, batch, options.new_tokens) - prefill;
    const int64_t peak = peak_mib();
    const auto passes = static_cast<double>(options.new_tokens - 1);
    const ProductTime of_prefill =
        forward_product_time(model, {.layers = batch * options.prompt_tokens, .head = batch});
    const ProductTime of_decode = forward_product_time(model, {.layers = batch, .head = batch});
    print_figures(
        {{"engine", "deepscaler"},
         {"kernels", default_device().name()},
         {"dtype", options.products.empty() ? std::string(compute_type_name(model.compute_type()))
                                            : stored_format(options.model)},
         {"batch", batch},
         {"prefill_tokens_per_second", static_cast<double>(batch * options.prompt_tokens) / prefill},
         {"prefill_share_of_matmul_rate", of_prefill.seconds / prefill},
         {"decode_tokens_per_second", passes * static_cast<double>(batch) / decode},
         {"decode_share_of_matmul_rate", passes * of_decode.seconds / decode},
         {"matmul_gflops", of_decode.gflops_per_second()},
         {"peak_mib", peak}});
  }
}

void bench_decode(const Options& options) {
  apply(options.runtime);
  require_no_run(options.model);
  Model model =
      Model::load(options.model, options.products.empty() ? QuantizedAs::kFloats : QuantizedAs::kBlocks);
  if (!options.products.empty() && !model.is_quantized()) {
    throw Error("--products", fmt::format("{} has no quantized matrices", options.model), "leave it out");
  }
  for (const std::string& dtype : options.dtypes) {
    model.compute_in(compute_type_from_name(dtype),
                     options.products.empty() ? Products::kFloat : products_from_name(options.products));
    bench_decode(options, model);
  }
}

Model model_to_train(const Options& options) {
  if (options.model.empty() == options.config.empty()) {
    throw Error("bench train", "exactly one of --model and --config must be given", "name a model");
  }
  require_no_run(options.model);
  if (!options.model.empty()) return Model::load(options.model);
  Model model(read_hf_config(options.config));
  randomize(model, 1, 0.02f);
  return model;
}

// Texts of options.length tokens with the same first options.prompt ones: as one group that shares them, or
// written out. The loss is on the others.
std::vector<TokenGroup> groups_to_train(const std::vector<std::vector<int32_t>>& texts,
                                        const Options& options) {
  std::vector<TokenGroup> groups;
  for (const auto& text : texts) {
    const std::span tokens(text);
    const auto prompt = tokens.first(static_cast<size_t>(options.prompt));
    if (groups.empty() || options.prompt == 1 || options.written_out) groups.push_back({prompt, {}});
    groups.back().responses.push_back(tokens.subspan(prompt.size()));
  }
  return groups;
}

// Rows that the layers compute; the last token of a text is predicted, never read.
int64_t rows_of(const std::vector<TokenGroup>& groups) {
  int64_t rows = 0;
  for (const TokenGroup& group : groups) {
    rows += std::ssize(group.prompt);
    for (const auto& response : group.responses) rows += std::ssize(response) - 1;
  }
  return rows;
}

void bench_train(const Options& options, Model& model) {
  TrainStep step(model, {.token_budget = options.token_budget,
                         .recompute = options.recompute == "layer" ? Recompute::kLayer : Recompute::kNone});
  std::optional<AdamW> optimizer;
  if (!options.no_update) optimizer.emplace(model.table());
  std::vector<std::vector<int32_t>> texts;
  for (int64_t i = 0; i < options.sequences; ++i) {
    texts.push_back(random_tokens(model, options.length, i));
    std::copy_n(texts[0].begin(), options.prompt, texts[i].begin());
  }
  const auto groups = groups_to_train(texts, options);
  const int64_t predicted = options.sequences * (options.length - options.prompt);
  const auto one_step = [&] {
    NegativeLogLikelihood loss(predicted);
    LmHead head(loss, /*temperature=*/1);
    step.clear_gradients();
    step.accumulate(groups, head);
    if (optimizer) optimizer->step({}, 1e-6f, step.gradients(), model.edit_weights().data());
  };
  double best = seconds(one_step);  // alone if no steps are to be timed
  for (int64_t i = 0; i < options.steps; ++i) {
    const double time = seconds(one_step);
    best = i == 0 ? time : std::min(best, time);
  }
  const int64_t peak = peak_mib();
  // What is computed again is no progress.
  const ProductTime products = training_product_time(
      model, {.layers = rows_of(groups), .head = predicted, .budget = options.token_budget});
  print_figures({{"engine", "deepscaler"},
                 {"kernels", default_device().name()},
                 {"dtype", compute_type_name(model.compute_type())},
                 {"sequences", options.sequences},
                 {"length", options.length},
                 {"tokens_per_second", static_cast<double>(options.sequences * options.length) / best},
                 {"step_seconds", best},
                 {"share_of_matmul_rate", products.seconds / best},
                 {"matmul_gflops", products.gflops_per_second()},
                 {"peak_mib", peak}});
}

void bench_train(const Options& options) {
  apply(options.runtime);
  if (options.prompt >= options.length) throw Error("--prompt", "leaves no token to learn", "lower it");
  Model model = model_to_train(options);
  for (const std::string& dtype : options.dtypes) {
    model.compute_in(compute_type_from_name(dtype));
    bench_train(options, model);
  }
}

}  // namespace

void add_bench_command(CLI::App& app) {
  auto* bench = app.add_subcommand(
      "bench", "Measure generation, training, a step of both, a tokenizer or sentence embeddings");
  bench->require_subcommand(1);
  auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* what, void (*work)(const Options&)) {
    auto* command = bench->add_subcommand(name, what);
    command->add_option("--model", options->model, "Hugging Face folder or GGUF file");
    add_runtime_options(*command, options->runtime);
    command->add_option("--dtypes", options->dtypes, "what products compute in")
        ->check(CLI::IsMember({"f32", "bf16"}));
    command->callback([options, work] { work(*options); });
    return command;
  };
  auto* decode = add("decode", "tokens per second of generation", bench_decode);
  decode->get_option("--model")->required();
  decode
      ->add_option("--products", options->products,
                   "keeps quantized weights as they are, and multiplies them so: integer or float")
      ->check(CLI::IsMember({"integer", "float"}));
  decode->add_option("--batches", options->batches, "sequences at a time")->capture_default_str();
  decode->add_option("--prompt-tokens", options->prompt_tokens, "of each sequence")->capture_default_str();
  decode->add_option("--new-tokens", options->new_tokens, "of each sequence")
      ->check(CLI::Range(2, 1 << 20))
      ->capture_default_str();
  auto* train = add("train", "tokens per second of a training step with AdamW", bench_train);
  train->add_option("--sequences", options->sequences, "of a step")->capture_default_str();
  train->add_option("--length", options->length, "tokens of each")
      ->check(CLI::Range(2, 1 << 20))
      ->capture_default_str();
  train
      ->add_option("--steps", options->steps,
                   "to time after one that is not; the best counts; 0: only that one")
      ->check(not_negative())
      ->capture_default_str();
  train->add_option("--config", options->config,
                    "folder with a config.json: random weights, in place of --model");
  train
      ->add_option("--prompt", options->prompt,
                   "tokens of each that have no loss and are the same, computed once")
      ->check(positive())
      ->capture_default_str();
  train->add_flag("--written-out", options->written_out, "compute the prompt for each sequence");
  train->add_flag("--no-update", options->no_update,
                  "forward and backward only, without the optimizer's memory");
  train->add_option("--token-budget", options->token_budget, "rows of a micro-batch")
      ->check(positive())
      ->capture_default_str();
  train->add_option("--recompute", options->recompute, "activations computed again in the backward pass")
      ->check(CLI::IsMember({"none", "layer"}))
      ->capture_default_str();
  add_bench_grpo_command(*bench);
  add_bench_tokenize_command(*bench);
  add_bench_embed_command(*bench);
}

}  // namespace deepscaler
