#include "model/backward.h"

#include <algorithm>

#include "base/error.h"
#include "base/integer.h"
#include "base/parallel.h"
#include "base/signals.h"

namespace deepscaler {
namespace {

// The gradient of a norm's weight or a bias; empty where it is frozen.
std::span<float> vector_gradient(const Model& model, float* gradients, int index) {
  if (!model.table()[index].trainable) return {};
  return vector_of(model.table(), gradients, index);
}

// Gradients of a layer's intermediate results, reused by all layers.
struct Gradients {
  Matrix normed, attention, q, k, v, unnormed;
};

class LayerBackward {
 public:
  LayerBackward(const Model& model, const ForwardBatch& batch, KvCache& cache, LayerScratch& scratch,
                float* gradients)
      : model_(model), c_(model.config()), batch_(batch), cache_(cache), s_(scratch), gradients_(gradients) {}

  // On entry d is the gradient of the layer's output, on exit that of its input.
  void run(int64_t index, LayerActivations& a, MatrixView d) {
    const LayerParameters& p = model_.table().layer(index);
    feed_forward(p, a, d);
    attention(p, index, a, d);
  }

 private:
  void feed_forward(const LayerParameters& p, LayerActivations& a, MatrixView d) {
    shape_like(a.gate, s_.feed_forward);
    model_.matrices().dx({{p.down, d}}, s_.feed_forward.view());
    gated_linear_backward(c_.activation, a.gate.view(), a.up.view(), s_.feed_forward.view());
    weight_gradients({{p.down, d}}, s_.feed_forward.view());

    norm_again(a.middle, p.mlp_norm);
    shape_like(a.middle, g_.normed);
    linear_backward({{p.gate, a.gate.view()}, {p.up, a.up.view()}});
    rms_norm_backward(a.middle.view(), model_.vector(p.mlp_norm), c_.norm_eps, g_.normed.view(), d,
                      vector(p.mlp_norm));
  }

  void attention(const LayerParameters& p, int64_t index, LayerActivations& a, MatrixView d) {
    weight_gradients({{p.o, d}}, a.attention.view());
    shape_like(a.attention, g_.attention, g_.q);
    model_.matrices().dx({{p.o, d}}, g_.attention.view());
    g_.k.resize(d.rows, c_.kv_width());
    g_.v.resize(d.rows, c_.kv_width());
    attention_backward(cache_.shape(), batch_.spans,
                       {.q = a.q.view(),
                        .pool = cache_.layer(index),
                        .out = a.attention.view(),
                        .log_sums = a.log_sums.view()},
                       g_.attention.view(), {.q = g_.q.view(), .k = g_.k.view(), .v = g_.v.view()});
    rope({g_.q.view(), g_.k.view()}, batch_.positions, model_.rope(), RopeDirection::kBackward);
    if (c_.head_norms()) {
      head_norm_backward(p.q_norm, a.q_unnormed, g_.q);
      head_norm_backward(p.k_norm, a.k_unnormed, g_.k);
    }

    norm_again(a.input, p.attention_norm);
    shape_like(a.input, g_.normed);
    if (c_.attention_bias) {
      bias_gradient(p.q_bias, g_.q);
      bias_gradient(p.k_bias, g_.k);
      bias_gradient(p.v_bias, g_.v);
    }
    linear_backward({{p.q, g_.q.view()}, {p.k, g_.k.view()}, {p.v, g_.v.view()}});
    rms_norm_backward(a.input.view(), model_.vector(p.attention_norm), c_.norm_eps, g_.normed.view(), d,
                      vector(p.attention_norm));
  }

  void head_norm_backward(int weight, Matrix& unnormed, Matrix& d) {
    const int64_t width = c_.attention.head_dim;
    const auto heads = [&](Matrix& x) { return MatrixView(x.data(), x.size() / width, width); };
    g_.unnormed.resize(d.rows(), d.cols());
    std::fill_n(g_.unnormed.data(), g_.unnormed.size(), 0.0f);
    rms_norm_backward(heads(unnormed), model_.vector(weight), c_.norm_eps, heads(d), heads(g_.unnormed),
                      vector(weight));
    std::swap(d, g_.unnormed);
  }

  void norm_again(Matrix& x, int weight) {
    shape_like(x, s_.normed);
    rms_norm(x.view(), model_.vector(weight), c_.norm_eps, s_.normed.view());
  }

  // Of projections of the normed input: into g_.normed and the gradients of their weights.
  void linear_backward(const Projections<int, ConstMatrixView>& projections) {
    weight_gradients(projections, s_.normed.view());
    model_.matrices().dx(projections, g_.normed.view());
  }

  void weight_gradients(const Projections<int, ConstMatrixView>& projections, ConstMatrixView x) {
    model_.matrices().dw(projections, x, gradients_);
  }

  void bias_gradient(int index, const Matrix& d) {
    if (model_.table()[index].trainable) add_column_sums(d.view(), vector(index));
  }

  std::span<float> vector(int index) { return vector_gradient(model_, gradients_, index); }

  template <class... Matrices>
  static void shape_like(const Matrix& like, Matrices&... matrices) {
    (matrices.resize(like.rows(), like.cols()), ...);
  }

  const Model& model_;
  const ModelConfig& c_;
  const ForwardBatch& batch_;
  KvCache& cache_;
  LayerScratch& s_;
  float* gradients_;
  Gradients g_;
};

// Columns of the embedding's gradient that one task walks: the rows of the batch are added in order.
constexpr int64_t kColumnsPerTask = 32;

void embedding_backward(const Model& model, const ForwardBatch& batch, ConstMatrixView d, float* gradients) {
  const ParameterInfo& info = model.table()[model.table().embedding()];
  if (!info.trainable) return;
  parallel_for(ceil_div(info.cols, kColumnsPerTask), [&](int64_t task) {
    const int64_t first = task * kColumnsPerTask, last = std::min(info.cols, first + kColumnsPerTask);
    for (int64_t t = 0; t < d.rows; ++t) {
      const PlacedRow to = row_of(info, batch.tokens[static_cast<size_t>(t)]);
      for (int64_t i = first; i < last; ++i) gradients[to.offset + i * to.step] += d.row(t)[i];
    }
  });
}

}  // namespace

void backward(const Model& model, const ForwardBatch& batch, KvCache& cache, Activations& activations,
              MatrixView d_hidden, float* gradients) {
  DEEPSCALER_CHECK(activations.keep() != Activations::Keep::kNothing);
  LayerBackward layer(model, batch, cache, activations.scratch, gradients);
  for (int64_t i = model.config().layers - 1; i >= 0; --i) {
    drop_if_stop_requested();
    // Of the last layer the forward pass has left everything.
    if (activations.keep() == Activations::Keep::kInputs && i + 1 < model.config().layers) {
      recompute_layer(model, batch, cache, i, activations);
    }
    layer.run(i, activations.layer(i), d_hidden);
  }
  embedding_backward(model, batch, d_hidden, gradients);
}

void final_norm_rows_backward(const Model& model, ConstMatrixView gathered, std::span<const int64_t> rows,
                              ConstMatrixView d_normed, MatrixView d_hidden, float* gradients) {
  const int norm = model.table().final_norm();
  Matrix d_gathered(gathered.rows, gathered.cols);
  std::fill_n(d_gathered.data(), d_gathered.size(), 0.0f);
  rms_norm_backward(gathered, model.vector(norm), model.config().norm_eps, d_normed, d_gathered.view(),
                    vector_gradient(model, gradients, norm));
  for (int64_t i = 0; i < gathered.rows; ++i) {
    float* to = d_hidden.row(rows[static_cast<size_t>(i)]);
    for (int64_t k = 0; k < gathered.cols; ++k) to[k] += d_gathered.row(i)[k];
  }
}

}  // namespace deepscaler
