// `deepscaler bench`: how fast generation and training are on a model, one line of JSON a setting, with
// the share that the arithmetic reaches of our best large matmul in the same process.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/rng.h"
#include "cli/bench_figures.h"
#include "cli/commands.h"
#include "cli/runtime_options.h"
#include "infer/engine.h"
#include "model/linear.h"
#include "ops/kernel_target.h"
#include "train/optimizer.h"
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
  int64_t sequences = 8, length = 256, steps = 3;
  RuntimeOptions runtime;
};

template <class Work>
double seconds(const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Floating-point operations that a row costs in the layers, and in the LM head; attention apart.
struct RowCost {
  explicit RowCost(const Model& model) {
    for (const ParameterInfo& p : model.table().all()) {
      if (p.layout == ParameterInfo::Layout::kPanels) layers += 2.0 * static_cast<double>(p.rows * p.cols);
    }
    head = 2.0 * static_cast<double>(model.config().vocabulary * model.config().hidden);
    layers -= head;  // the head is in panels, tied or not
  }
  double layers = 0;
  double head = 0;
};

// FLOP/s of our matmul on the model's feed-forward shape with 512 rows: the best of several.
double best_matmul_rate(const Model& model) {
  const int up = model.table().layer(0).up;
  const ConstPanelView weight = model.panels(up);
  Matrix x(512, weight.in), y(512, weight.out);
  std::fill_n(x.data(), x.size(), 0.01f);
  double best = 1e9;
  for (int i = 0; i < 40; ++i) best = std::min(best, seconds([&] { linear(model, x.view(), up, y.view()); }));
  return 2.0 * static_cast<double>(512 * weight.in * weight.out) / best;
}

std::vector<int32_t> random_tokens(const Model& model, int64_t count, uint64_t stream) {
  std::vector<int32_t> tokens;
  const Rng rng(1, {stream});
  for (int64_t i = 0; i < count; ++i) {
    tokens.push_back(static_cast<int32_t>(rng.below(static_cast<uint64_t>(model.config().vocabulary), i)));
  }
  return tokens;
}

double generate(Engine& engine, const Model& model, const Options& options, int64_t batch,
                int64_t new_tokens) {
  std::vector<GenerationRequest> requests;
  for (int64_t i = 0; i < batch; ++i) {
    requests.push_back({random_tokens(model, options.prompt_tokens, i), 1, static_cast<uint64_t>(i)});
  }
  return seconds([&] {
    engine.generate(requests, {.max_new_tokens = new_tokens, .ignore_eos = true},
                    [](int64_t, int64_t, Generation&&) {});
  });
}

// One token of a sequence comes with its prompt; the others are decoding.
void bench_decode(const Options& options, const Model& model) {
  const RowCost cost(model);
  Engine engine(model, int64_t{4} << 30);
  (void)generate(engine, model, options, options.batches.back(), 2);  // memory is there from now on
  for (int64_t batch : options.batches) {
    const double prefill = generate(engine, model, options, batch, 1);
    const double decode = generate(engine, model, options, batch, options.new_tokens) - prefill;
    const auto rows = static_cast<double>(batch * (options.new_tokens - 1));
    const double rate = best_matmul_rate(model);
    print_figures(
        {{"engine", "deepscaler"},
         {"kernels", kernel_target()},
         {"dtype", compute_type_name(model.compute_type())},
         {"batch", batch},
         {"prefill_tokens_per_second", static_cast<double>(batch * options.prompt_tokens) / prefill},
         {"decode_tokens_per_second", rows / decode},
         {"decode_share_of_matmul_rate", rows * (cost.layers + cost.head) / decode / rate},
         {"matmul_gflops", rate * 1e-9},
         {"peak_mib", peak_mib()}});
  }
}

void bench_decode(const Options& options) {
  apply(options.runtime);
  Model model = Model::load(options.model);
  for (const std::string& dtype : options.dtypes) {
    model.compute_in(compute_type_from_name(dtype));
    bench_decode(options, model);
  }
}

void bench_train(const Options& options) {
  apply(options.runtime);
  Model model = Model::load(options.model);
  const RowCost cost(model);
  TrainStep step(model, {});
  AdamW optimizer(model.table());
  std::vector<std::vector<int32_t>> texts;
  for (int64_t i = 0; i < options.sequences; ++i) texts.push_back(random_tokens(model, options.length, i));
  std::vector<TokenGroup> groups;
  for (const auto& text : texts) {
    groups.push_back(
        {std::span(text).first(1), {std::span(text).subspan(1)}});  // a loss on all but the first
  }
  const auto predicted = static_cast<double>(options.sequences * (options.length - 1));
  const auto one_step = [&] {
    NegativeLogLikelihood loss(static_cast<int64_t>(predicted));
    step.clear_gradients();
    step.accumulate(groups, loss);
    optimizer.step({}, 1e-6f, step.gradients(), model.weights());
  };
  one_step();
  double best = 1e9;
  for (int64_t i = 0; i < options.steps; ++i) best = std::min(best, seconds(one_step));
  const double rate = best_matmul_rate(model);
  const double flops = 3 * predicted * (cost.layers + cost.head);
  print_figures({{"engine", "deepscaler"},
                 {"kernels", kernel_target()},
                 {"dtype", "f32"},
                 {"tokens_per_second", static_cast<double>(options.sequences * options.length) / best},
                 {"step_seconds", best},
                 {"share_of_matmul_rate", flops / best / rate},
                 {"matmul_gflops", rate * 1e-9},
                 {"peak_mib", peak_mib()}});
}

}  // namespace

void add_bench_command(CLI::App& app) {
  auto* bench = app.add_subcommand("bench", "Measure generation, training or a step of both on a model");
  bench->require_subcommand(1);
  auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* what, void (*work)(const Options&)) {
    auto* command = bench->add_subcommand(name, what);
    command->add_option("--model", options->model, "Hugging Face folder or GGUF file")->required();
    add_runtime_options(*command, options->runtime);
    command->callback([options, work] { work(*options); });
    return command;
  };
  auto* decode = add("decode", "tokens per second of generation", bench_decode);
  decode->add_option("--batches", options->batches, "sequences at a time")->capture_default_str();
  decode->add_option("--dtypes", options->dtypes, "what products compute in")
      ->check(CLI::IsMember({"f32", "bf16"}));
  decode->add_option("--prompt-tokens", options->prompt_tokens, "of each sequence")->capture_default_str();
  decode->add_option("--new-tokens", options->new_tokens, "of each sequence")
      ->check(CLI::Range(2, 1 << 20))
      ->capture_default_str();
  auto* train = add("train", "tokens per second of a training step with AdamW", bench_train);
  train->add_option("--sequences", options->sequences, "of a step")->capture_default_str();
  train->add_option("--length", options->length, "tokens of each")
      ->check(CLI::Range(2, 1 << 20))
      ->capture_default_str();
  train->add_option("--steps", options->steps, "to time; the best counts")->capture_default_str();
  add_bench_grpo_command(*bench);
}

}  // namespace deepscaler
