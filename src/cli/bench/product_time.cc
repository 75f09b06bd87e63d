#include "cli/bench/product_time.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "base/stopwatch.h"
#include "model/memory_plan.h"
#include "model/model.h"
#include "ops/matmul/matmul.h"

namespace deepscaler {
namespace {

using Product = std::function<void(ConstMatrixView x, Projections<int, MatrixView>)>;

// The weights of the products of a pass: those of the same inputs together.
std::vector<std::vector<int>> weights_of_products(const Model& model) {
  std::vector<std::vector<int>> products{{model.table().lm_head()}};
  for (int64_t i = 0; i < model.config().layers; ++i) {
    const LayerParameters& p = model.table().layer(i);
    products.insert(products.end(), {{p.q, p.k, p.v}, {p.o}, {p.gate, p.up}, {p.down}});
  }
  return products;
}

// All weights are multiplied once with `rows` rows; `product` is called for pieces of them.
void multiply_once(const Model& model, const PassRows& rows, Matrix& x, std::vector<Matrix>& y,
                   const Product& product) {
  for (const std::vector<int>& weights : weights_of_products(model)) {
    const bool head = weights[0] == model.table().lm_head();
    const int64_t total = head ? rows.head : rows.layers, piece = head ? kHeadRows : rows.budget;
    for (int64_t first = 0; first < total; first += piece) {
      const int64_t count = std::min(piece, total - first);
      std::vector<Projection<int, MatrixView>> projections;
      for (size_t i = 0; i < weights.size(); ++i) {
        y[i].resize(count, model.table()[weights[i]].rows);
        projections.push_back({weights[i], y[i].view()});
      }
      x.resize(count, model.table()[weights[0]].cols);
      product(x.view(), projections);
    }
  }
}

ProductTime best_time(const Model& model, const PassRows& rows, double flops_per_weight,
                      const Product& product) {
  ProductTime time{.seconds = 1e9};
  for (const ParameterInfo& p : model.table().all()) {
    if (p.layout != ParameterInfo::Layout::kPanels) continue;
    const bool head = &p == &model.table().all()[model.table().lm_head()];
    time.flops += flops_per_weight * static_cast<double>(p.rows * p.cols * (head ? rows.head : rows.layers));
  }
  Matrix x;
  std::vector<Matrix> y(3);                                 // of q, k and v at most
  multiply_once(model, rows, x, y, [](const auto&...) {});  // memory is there from now on
  std::fill_n(x.data(), x.size(), 0.01f);
  double total = 0;
  for (int i = 0; i < 3 && total < 10; ++i) {
    const Stopwatch watch;
    multiply_once(model, rows, x, y, product);
    const double seconds = watch.seconds();
    total += seconds;
    time.seconds = std::min(time.seconds, seconds);
  }
  return time;
}

}  // namespace

ProductTime forward_product_time(const Model& model, const PassRows& rows) {
  return best_time(model, rows, 2, [&](ConstMatrixView x, const Projections<int, MatrixView>& projections) {
    model.matrices().forward(x, projections);
  });
}

ProductTime training_product_time(const Model& model, const PassRows& rows) {
  Buffer<float> gradients(model.table().trainable_size());
  Matrix dx;
  return best_time(model, rows, 6, [&](ConstMatrixView x, const Projections<int, MatrixView>& projections) {
    model.matrices().forward(x, projections);
    const auto dy = projections.changed([](const auto& p) {
      return Projection<int, ConstMatrixView>{p.weight, p.outputs};
    });
    model.matrices().dw(dy, x, gradients.data());
    dx.resize(x.rows, x.cols);
    model.matrices().dx(dy, dx.view());
  });
}

}  // namespace deepscaler
