#include "model/lora.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/config.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "model/f32_weights.h"
#include "model/model.h"

namespace deepscaler {
namespace {

constexpr ConfigName<LoraInit> kInitNames[] = {{"uniform", LoraInit::kUniform},
                                               {"gaussian", LoraInit::kGaussian}};

constexpr std::string_view kWeight = ".weight", kA = ".lora_A.weight", kB = ".lora_B.weight";

std::string module_of(const ParameterInfo& info) {
  return info.name.substr(0, info.name.size() - kWeight.size());
}

bool is_target(const ParameterInfo& info, const LoraConfig& config) {
  if (!info.name.ends_with(kWeight)) return false;
  const std::string module = module_of(info);
  return std::ranges::find(config.targets, module.substr(module.rfind('.') + 1)) != config.targets.end();
}

class LoraWeights final : public WeightForm {
 public:
  LoraWeights(const Model& base, const ParameterTable& table, const float* values, const LoraConfig& config)
      : base_(base), table_(table), adapter_(table, values), scale_(config.scale()) {
    std::map<std::string, int> numbers;
    for (size_t i = 0; i < table.all().size(); ++i) numbers[table.all()[i].name] = static_cast<int>(i);
    for (size_t i = 0; i < base.table().all().size(); ++i) {
      const ParameterInfo& info = table.all()[i];
      if (!is_target(info, config)) continue;
      const std::string module = module_of(info);
      pairs_[static_cast<int>(i)] = {numbers.at(module + std::string(kA)),
                                     numbers.at(module + std::string(kB))};
    }
  }

  void forward(ConstMatrixView x, const Projections<int, MatrixView>& projections,
               Accumulate accumulate) const override {
    base_.matrices().forward(x, projections, accumulate);
    const auto adapted = adapted_of(projections, inner_, x.rows);
    multiply_by_a(x, adapted);
    for (const auto& [pair, outputs, inner] : adapted) {
      adapter_.forward(inner, {{pair.b, outputs}}, Accumulate::kYes);
    }
  }

  void dx(const Projections<int, ConstMatrixView>& projections, MatrixView dx,
          Accumulate accumulate) const override {
    base_.matrices().dx(projections, dx, accumulate);
    const auto adapted = adapted_of(projections, d_inner_, dx.rows);
    const auto inner = inner_gradients(adapted);
    if (!inner.empty()) adapter_.dx(inner, dx, Accumulate::kYes);
  }

  void dw(const Projections<int, ConstMatrixView>& projections, ConstMatrixView x,
          float* gradients) const override {
    const auto adapted = adapted_of(projections, inner_, x.rows);
    multiply_by_a(x, adapted);
    for (const auto& [pair, outputs, inner] : adapted) adapter_.dw({{pair.b, outputs}}, inner, gradients);
    const auto inner = inner_gradients(adapted_of(projections, d_inner_, x.rows));
    if (!inner.empty()) adapter_.dw(inner, x, gradients);
  }

  void read_row(int weight, int64_t row, std::span<float> out) const override {
    if (table_[weight].in_base)
      base_.matrices().read_row(weight, row, out);
    else
      adapter_.read_row(weight, row, out);
  }

  void refresh() override {}

 private:
  struct Pair {
    int a, b;
  };

  // A projection that is adapted: its outputs [T, O], and what stands between A and B [T, r].
  template <class Outputs>
  struct Adapted {
    Pair pair;
    Outputs outputs;
    MatrixView inner;
  };

  template <class Outputs>
  [[nodiscard]] std::vector<Adapted<Outputs>> adapted_of(const Projections<int, Outputs>& projections,
                                                         Buffer<float>& memory, int64_t rows) const {
    std::vector<Adapted<Outputs>> adapted;
    for (const auto& [weight, outputs] : projections) {
      const auto found = pairs_.find(weight);
      if (found != pairs_.end()) adapted.push_back({found->second, outputs, {}});
    }
    if (adapted.empty()) return adapted;
    const int64_t rank = table_[adapted[0].pair.a].rows, size = rows * rank;
    memory.reserve_discarding(std::ssize(adapted) * size);
    for (size_t i = 0; i < adapted.size(); ++i) {
      adapted[i].inner = MatrixView(memory.data() + static_cast<int64_t>(i) * size, rows, rank);
    }
    return adapted;
  }

  // inner = s x A^T of each.
  template <class Outputs>
  void multiply_by_a(ConstMatrixView x, const std::vector<Adapted<Outputs>>& adapted) const {
    std::vector<Projection<int, MatrixView>> projections;
    for (const auto& each : adapted) projections.push_back({each.pair.a, each.inner});
    if (projections.empty()) return;
    adapter_.forward(x, projections, Accumulate::kNo);
    for (const auto& each : adapted) scale(each.inner);
  }

  // A of each, with the gradient of x A^T: s dy B.
  [[nodiscard]] std::vector<Projection<int, ConstMatrixView>> inner_gradients(
      const std::vector<Adapted<ConstMatrixView>>& adapted) const {
    std::vector<Projection<int, ConstMatrixView>> gradients;
    for (const auto& [pair, outputs, inner] : adapted) {
      adapter_.dx({{pair.b, outputs}}, inner, Accumulate::kNo);
      scale(inner);
      gradients.push_back({pair.a, inner});
    }
    return gradients;
  }

  void scale(MatrixView matrix) const {
    parallel_for(matrix.rows, [&](int64_t t) {
      for (int64_t i = 0; i < matrix.cols; ++i) matrix.row(t)[i] *= scale_;
    });
  }

  const Model& base_;
  const ParameterTable& table_;
  F32Weights adapter_;
  float scale_;
  std::map<int, Pair> pairs_;              // by the number of W
  mutable Buffer<float> inner_, d_inner_;  // of the projections in use
};

}  // namespace

float LoraConfig::scale() const {
  const auto r = static_cast<double>(rank);
  return static_cast<float>(static_cast<double>(alpha) / (rslora ? std::sqrt(r) : r));
}

const std::vector<std::string>& lora_targets() {
  static const std::vector<std::string> targets = LoraConfig().targets;
  return targets;
}

void bind(ConfigSection& s, LoraConfig& c) {
  s.field("rank", c.rank, "rows of an adapter's first matrix; 0: no adapter, all weights are trained")
      .range(0, 4096);
  s.field("alpha", c.alpha, "the adapter's product is multiplied by alpha / rank").above(0);
  s.field("rslora", c.rslora, "by alpha / sqrt(rank) instead, for large ranks");
  s.choice("init", c.init,
           "how the first matrix begins: evenly within 1 / sqrt(inputs), or normal with deviation 1 / rank; "
           "the second one begins at zero",
           kInitNames);
  s.field("targets", c.targets,
          "matrices that are adapted, of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj and down_proj");
  s.require(!c.targets.empty(), "targets", "names nothing to adapt", "leave it out to adapt all");
  for (const std::string& target : c.targets) {
    s.require(std::ranges::find(lora_targets(), target) != lora_targets().end(), "targets",
              fmt::format("\"{}\" is no matrix that can be adapted", target),
              "use some of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj");
    s.require(std::ranges::count(c.targets, target) == 1, "targets",
              fmt::format("\"{}\" is named twice", target), "name it once");
  }
}

ParameterTable adapted_table(const ParameterTable& base, const LoraConfig& config) {
  std::vector<ParameterInfo> added;
  for (const ParameterInfo& info : base.all()) {
    if (!is_target(info, config)) continue;
    const std::string module = module_of(info);
    added.push_back({.name = module + std::string(kA), .rows = config.rank, .cols = info.cols});
    added.push_back({.name = module + std::string(kB), .rows = info.rows, .cols = config.rank});
  }
  return {base, added};
}

void begin_adapter(const ParameterTable& table, const LoraConfig& config, uint64_t seed, float* values) {
  for (const ParameterInfo& info : table.trainable()) {
    Matrix rows(info.rows, info.cols);
    const Rng rng(seed, {hash_name("lora"), hash_name(info.name)});
    const bool is_a = info.name.ends_with(kA);
    const float bound = 1 / std::sqrt(static_cast<float>(info.cols));
    const float deviation = 1 / static_cast<float>(config.rank);
    for (int64_t i = 0; i < rows.size(); ++i) {
      const auto at = static_cast<uint64_t>(i);
      const bool normal = config.init == LoraInit::kGaussian;
      rows.data()[i] = !is_a ? 0 : normal ? deviation * rng.normal(at) : bound * (2 * rng.uniform(at) - 1);
    }
    write_parameter(info, rows.view(), values);
  }
}

std::unique_ptr<WeightForm> make_lora_form(const Model& base, const ParameterTable& table,
                                           const float* values, const LoraConfig& config) {
  return std::make_unique<LoraWeights>(base, table, values, config);
}

}  // namespace deepscaler
