#include "model/forward.h"

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "base/error.h"
#include "base/parallel.h"
#include "base/signals.h"

namespace deepscaler {
namespace {

void embed(const Model& model, const ForwardBatch& batch, Matrix& x) {
  x.resize(batch.rows(), model.config().hidden);
  parallel_for(batch.rows(), [&](int64_t t) {
    model.matrices().read_row(model.table().embedding(), batch.tokens[static_cast<size_t>(t)],
                              {x.row(t), static_cast<size_t>(x.cols())});
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

// One layer over the residual stream x [T, D] of a batch.
class LayerForward {
 public:
  LayerForward(const Model& model, const ForwardBatch& batch, KvCache& cache, int64_t index,
               Activations& activations)
      : model_(model),
        c_(model.config()),
        p_(model.table().layer(index)),
        batch_(batch),
        cache_(cache),
        index_(index),
        a_(activations.layer(index)),
        s_(activations.scratch),
        keep_(activations.keep() != Activations::Keep::kNothing) {}

  // x += attention(norm(x))
  void attention(Matrix& x) {
    normalize(x, p_.attention_norm, a_.input);
    project(s_.normed, {{p_.q, p_.q_bias, a_.q}, {p_.k, p_.k_bias, s_.k}, {p_.v, p_.v_bias, s_.v}});
    if (c_.head_norms()) {
      normalize_heads(a_.q, p_.q_norm, a_.q_unnormed);
      normalize_heads(s_.k, p_.k_norm, a_.k_unnormed);
    }
    rope({a_.q.view(), s_.k.view()}, batch_.positions, model_.rope(), RopeDirection::kForward);
    attend();
    add_product(p_.o, a_.attention, x);
  }

  // x += down(act(gate(norm(x))) * up(norm(x)))
  void feed_forward(Matrix& x) {
    gate_and_up(x);
    s_.feed_forward.resize(batch_.rows(), c_.feed_forward);
    gated_linear(c_.activation, a_.gate.view(), a_.up.view(), s_.feed_forward.view());
    add_product(p_.down, s_.feed_forward, x);
  }

  void gate_and_up(Matrix& x) {
    normalize(x, p_.mlp_norm, a_.middle);
    project(s_.normed, {{p_.gate, 0, a_.gate}, {p_.up, 0, a_.up}});
  }

 private:
  // s.normed = norm(x); `kept` is x where a backward pass will look for it.
  void normalize(const Matrix& x, int weight, Matrix& kept) {
    s_.normed.resize(x.rows(), x.cols());
    if (keep_) kept.resize(x.rows(), x.cols());
    rms_norm(x.view(), model_.vector(weight), c_.norm_eps, s_.normed.view(),
             keep_ ? kept.view() : MatrixView());
  }

  // out = x W^T of each, plus its bias. All of them have one, or none has.
  void project(const Matrix& x, std::initializer_list<BiasedProjection> each) {
    std::vector<Projection<int, MatrixView>> projections;
    Accumulate accumulate = Accumulate::kNo;
    for (const auto& [weight, bias, out] : each) {
      out.resize(x.rows(), model_.table()[weight].rows);
      projections.push_back({weight, out.view()});
      DEEPSCALER_CHECK((bias == 0) == (each.begin()->bias == 0));
      if (bias == 0) continue;
      broadcast_rows(model_.vector(bias), out.view());
      accumulate = Accumulate::kYes;
    }
    model_.matrices().forward(x.view(), projections, accumulate);
  }

  void normalize_heads(Matrix& x, int weight, Matrix& unnormed) {
    unnormed.resize(x.rows(), x.cols());
    const int64_t d = c_.attention.head_dim;
    rms_norm(heads_of(x, d), model_.vector(weight), c_.norm_eps, heads_of(x, d), heads_of(unnormed, d));
  }

  // a.attention, of a.q over the keys and values in the cache, those of this batch among them.
  void attend() {
    float* pool = cache_.layer(index_);
    store_keys_values(cache_.shape(), batch_.spans, s_.k.view(), s_.v.view(), pool);
    cache_.copy(index_, batch_.copies);
    a_.attention.resize(batch_.rows(), c_.query_width());
    a_.log_sums.resize(batch_.rows(), c_.attention.heads);
    attention_forward(cache_.shape(), batch_.spans, a_.q.view(), pool, a_.attention.view(),
                      a_.log_sums.view());
  }

  void add_product(int weight, const Matrix& inputs, Matrix& x) {
    model_.matrices().forward(inputs.view(), {{weight, x.view()}}, Accumulate::kYes);
  }

  const Model& model_;
  const ModelConfig& c_;
  const LayerParameters& p_;
  const ForwardBatch& batch_;
  KvCache& cache_;
  int64_t index_;
  LayerActivations& a_;
  LayerScratch& s_;
  bool keep_;
};

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
  // A cache that was made before compute_in() holds numbers of another width.
  DEEPSCALER_CHECK(cache.shape() == model.attention());
  Matrix& x = activations.hidden;
  embed(model, batch, x);
  for (int64_t i = 0; i < model.config().layers; ++i) {
    drop_if_stop_requested();
    LayerForward layer(model, batch, cache, i, activations);
    layer.attention(x);
    layer.feed_forward(x);
  }
}

void recompute_layer(const Model& model, const ForwardBatch& batch, KvCache& cache, int64_t index,
                     Activations& activations) {
  DEEPSCALER_CHECK(activations.keep() != Activations::Keep::kNothing);
  const Matrix& input = activations.layer(index).input;
  Matrix& x = activations.hidden;
  parallel_for(x.rows(), [&](int64_t t) { std::copy_n(input.row(t), x.cols(), x.row(t)); });
  LayerForward layer(model, batch, cache, index, activations);
  layer.attention(x);
  layer.gate_and_up(x);
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
