#include "model/forward.h"

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "base/error.h"
#include "base/parallel.h"
#include "model/linear.h"
#include "ops/panels.h"

namespace deepscaler {
namespace {

void embed(const Model& model, const ForwardBatch& batch, Matrix& hidden) {
  const ParameterInfo& info = model.table().all()[static_cast<size_t>(model.table().embedding())];
  const float* values = model.weights() + info.offset;
  const bool panels = info.layout == ParameterInfo::Layout::kPanels;
  hidden.resize(batch.rows(), info.cols);
  parallel_for(batch.rows(), [&](int64_t t) {
    const int64_t token = batch.tokens[static_cast<size_t>(t)];
    const float* from = values + (panels ? panel_offset(info.cols, token, 0) : token * info.cols);
    const int64_t step = panels ? kPanelWidth : 1;
    for (int64_t i = 0; i < info.cols; ++i) hidden.row(t)[i] = from[i * step];
  });
}

// A [T, heads * d] matrix with every head as a row.
MatrixView heads_of(Matrix& x, int64_t head_dim) {
  return {x.data(), x.rows() * x.cols() / head_dim, head_dim};
}

struct BiasedProjection {
  int weight, bias;  // bias 0: none
  Matrix& out;
};

// out = x W^T of each, plus the bias where there is one: of all or of none.
void linear_with_bias(const Model& model, ConstMatrixView x, std::initializer_list<BiasedProjection> each) {
  std::vector<Projection<int, MatrixView>> projections;
  Accumulate accumulate = Accumulate::kNo;
  for (const auto& [weight, bias, out] : each) {
    out.resize(x.rows, model.panels(weight).out);
    projections.push_back({weight, out.view()});
    if (bias == 0) continue;
    broadcast_rows(model.vector(bias), out.view());
    accumulate = Accumulate::kYes;
  }
  linear(model, x, projections, accumulate);
}

void normalize_heads(const Model& model, int weight, Matrix& x, Matrix& unnormed) {
  unnormed.resize(x.rows(), x.cols());
  const int64_t d = model.config().attention.head_dim;
  rms_norm(heads_of(x, d), model.vector(weight), model.config().norm_eps, heads_of(x, d),
           heads_of(unnormed, d));
}

// normed = the norm of x; a `copy`, if given, becomes x.
void normalize(const Model& model, int weight, const Matrix& x, Matrix& normed, Matrix* copy = nullptr) {
  normed.resize(x.rows(), x.cols());
  if (copy != nullptr) copy->resize(x.rows(), x.cols());
  rms_norm(x.view(), model.vector(weight), model.config().norm_eps, normed.view(),
           copy == nullptr ? MatrixView() : copy->view());
}

void attention_layer(const Model& model, const LayerParameters& p, const ForwardBatch& batch, float* pool,
                     KvCache& cache, int64_t index, LayerActivations& a, LayerScratch& s) {
  const ModelConfig& c = model.config();
  linear_with_bias(model, s.normed.view(),
                   {{p.q, p.q_bias, a.q}, {p.k, p.k_bias, s.k}, {p.v, p.v_bias, s.v}});
  if (c.head_norms()) {
    normalize_heads(model, p.q_norm, a.q, a.q_unnormed);
    normalize_heads(model, p.k_norm, s.k, a.k_unnormed);
  }
  rope({a.q.view(), s.k.view()}, batch.positions, model.rope(), RopeDirection::kForward);
  store_keys_values(c.attention, batch.spans, s.k.view(), s.v.view(), pool);
  cache.copy(index, batch.copies);
  a.attention.resize(batch.rows(), c.query_width());
  a.log_sums.resize(batch.rows(), c.attention.heads);
  attention_forward(c.attention, batch.spans, a.q.view(), pool, a.attention.view(), a.log_sums.view());
}

// A layer from the norm of its input, in s.normed, to its last product. a.middle is given with the numbers of
// a.input; a `copy` becomes what it holds in the end.
void layer_inside(const Model& model, const ForwardBatch& batch, KvCache& cache, int64_t index,
                  LayerActivations& a, LayerScratch& s, Matrix* copy) {
  const ModelConfig& c = model.config();
  const LayerParameters& p = model.table().layer(index);
  attention_layer(model, p, batch, cache.layer(index), cache, index, a, s);
  // The product's sums are added to the residual.
  linear(model, a.attention.view(), {{p.o, a.middle.view()}}, Accumulate::kYes);

  normalize(model, p.mlp_norm, a.middle, s.normed, copy);
  a.gate.resize(batch.rows(), c.feed_forward);
  a.up.resize(batch.rows(), c.feed_forward);
  linear(model, s.normed.view(), {{p.gate, a.gate.view()}, {p.up, a.up.view()}});
}

}  // namespace

LayerActivations& Activations::layer(int64_t i) {
  if (keep_ == Keep::kAllLayers) return layers_[static_cast<size_t>(i)];
  if (keep_ == Keep::kInputs && i != present_) {
    std::swap(layers_[0].input, inputs_[static_cast<size_t>(present_)]);
    std::swap(layers_[0].input, inputs_[static_cast<size_t>(i)]);
    present_ = i;
  }
  return layers_[0];
}

void forward(const Model& model, const ForwardBatch& batch, KvCache& cache, Activations& activations) {
  const ModelConfig& c = model.config();
  // What the model computes in may have changed since: the cache would hold other numbers.
  DEEPSCALER_CHECK(cache.shape() == c.attention);
  LayerScratch& s = activations.scratch;
  Matrix& hidden = activations.hidden;
  const bool for_backward = activations.keep() != Activations::Keep::kOneLayer;
  embed(model, batch, hidden);
  for (int64_t i = 0; i < c.layers; ++i) {
    LayerActivations& a = activations.layer(i);
    const LayerParameters& p = model.table().layer(i);
    normalize(model, p.attention_norm, hidden, s.normed, for_backward ? &a.input : nullptr);
    std::swap(hidden, a.middle);
    layer_inside(model, batch, cache, i, a, s, for_backward ? &hidden : nullptr);
    if (!for_backward) std::swap(hidden, a.middle);
    s.feed_forward.resize(batch.rows(), c.feed_forward);
    gated_linear(c.activation, a.gate.view(), a.up.view(), s.feed_forward.view());
    linear(model, s.feed_forward.view(), {{p.down, hidden.view()}}, Accumulate::kYes);
  }
}

void recompute_layer(const Model& model, const ForwardBatch& batch, KvCache& cache, int64_t index,
                     Activations& activations) {
  LayerActivations& a = activations.layer(index);
  LayerScratch& s = activations.scratch;
  normalize(model, model.table().layer(index).attention_norm, a.input, s.normed, &a.middle);
  layer_inside(model, batch, cache, index, a, s, nullptr);
}

void final_norm_rows(const Model& model, ConstMatrixView hidden, std::span<const int64_t> rows,
                     Matrix& gathered, Matrix& normed) {
  gathered.resize(std::ssize(rows), hidden.cols);
  normed.resize(std::ssize(rows), hidden.cols);
  parallel_for(std::ssize(rows), [&](int64_t i) {
    std::copy_n(hidden.row(rows[static_cast<size_t>(i)]), hidden.cols, gathered.row(i));
  });
  rms_norm(gathered.view(), model.vector(model.table().final_norm()), model.config().norm_eps, normed.view());
}

}  // namespace deepscaler
