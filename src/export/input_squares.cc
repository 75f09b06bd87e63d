#include "export/input_squares.h"

#include <algorithm>
#include <numeric>

#include "base/integer.h"
#include "base/parallel.h"
#include "model/model_file.h"

namespace deepscaler {

InputSquares::InputSquares(const Model& model)
    : model_(model), activations_(model.config(), Activations::Keep::kAllLayers) {}

void InputSquares::add(std::span<const int32_t> tokens) {
  const ModelConfig& c = model_.config();
  const auto count = std::ssize(tokens);
  ForwardBatch batch;
  batch.tokens.assign(tokens.begin(), tokens.end());
  batch.positions.resize(tokens.size());
  std::iota(batch.positions.begin(), batch.positions.end(), 0);
  std::vector<int32_t> blocks(static_cast<size_t>(blocks_for(count)));
  std::iota(blocks.begin(), blocks.end(), 0);
  batch.spans.push_back({0, count, 0, blocks.data()});
  KvCache cache(model_.attention(), c.layers, std::ssize(blocks));
  forward(model_, batch, cache, activations_);

  Matrix normed(count, c.hidden), gated(count, c.feed_forward);
  const auto norm = [&](int weight, const Matrix& x) {
    rms_norm(x.view(), model_.vector(weight), c.norm_eps, normed.view());
  };
  for (int64_t i = 0; i < c.layers; ++i) {
    const LayerParameters& p = model_.table().layer(i);
    LayerActivations& a = activations_.layer(i);
    norm(p.attention_norm, a.input);
    add_inputs({p.q, p.k, p.v}, normed.view());
    add_inputs({p.o}, a.attention.view());
    norm(p.mlp_norm, a.middle);
    add_inputs({p.gate, p.up}, normed.view());
    gated_linear(c.activation, a.gate.view(), a.up.view(), gated.view());
    add_inputs({p.down}, gated.view());
  }
  tokens_ += count;
  chunk_tokens_ = std::max(chunk_tokens_, count);
  ++chunks_;
}

void InputSquares::add_inputs(std::initializer_list<int> matrices, ConstMatrixView inputs) {
  constexpr int64_t kColumns = 64;  // of a task: enough for whole cache lines
  std::vector<double>& sums = squares_[*matrices.begin()];
  sums.resize(static_cast<size_t>(inputs.cols));
  parallel_for(ceil_div(inputs.cols, kColumns), [&](int64_t piece) {
    const int64_t first = piece * kColumns, end = std::min(first + kColumns, inputs.cols);
    for (int64_t t = 0; t < inputs.rows; ++t) {
      for (int64_t i = first; i < end; ++i) {
        sums[static_cast<size_t>(i)] += static_cast<double>(inputs.row(t)[i]) * inputs.row(t)[i];
      }
    }
  });
  for (const int matrix : matrices) {
    if (matrix != *matrices.begin()) squares_[matrix] = sums;
  }
}

ImportanceMatrix InputSquares::result() const {
  ImportanceMatrix importance;
  importance.chunks = chunks_;
  importance.chunk_tokens = chunk_tokens_;
  for (const auto& [parameter, sums] : squares_) {
    const ParameterInfo& info = model_.table().all()[static_cast<size_t>(parameter)];
    ImportanceMatrix::Inputs& inputs = importance.inputs[gguf_parameter_name(info.name)];
    inputs.squares.assign(sums.begin(), sums.end());
    inputs.count = static_cast<float>(tokens_);
  }
  return importance;
}

}  // namespace deepscaler
