#include "cli/product_time.h"

#include <algorithm>
#include <chrono>
#include <functional>

#include "model/linear.h"
#include "model/memory_plan.h"
#include "ops/matmul.h"

namespace deepscaler {
namespace {

using Product = std::function<void(int weight, ConstMatrixView x, MatrixView y)>;

// All weights that are multiplied once with `rows` rows; `product` is called for pieces of them.
void multiply_once(const Model& model, const PassRows& rows, Matrix& x, Matrix& y, const Product& product) {
  const auto& all = model.table().all();
  for (int i = 0; i < static_cast<int>(all.size()); ++i) {
    if (all[i].layout != ParameterInfo::Layout::kPanels) continue;
    const bool head = i == model.table().lm_head();
    const int64_t total = head ? rows.head : rows.layers, piece = head ? kHeadRows : rows.budget;
    for (int64_t first = 0; first < total; first += piece) {
      const int64_t count = std::min(piece, total - first);
      x.resize(count, all[i].cols);
      y.resize(count, all[i].rows);
      product(i, x.view(), y.view());
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
  Matrix x, y;
  multiply_once(model, rows, x, y, [](int, ConstMatrixView, MatrixView) {});  // memory is there from now on
  std::fill_n(x.data(), x.size(), 0.01f);
  double total = 0;
  for (int i = 0; i < 3 && total < 10; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    multiply_once(model, rows, x, y, product);
    const std::chrono::duration<double> duration = std::chrono::steady_clock::now() - begin;
    total += duration.count();
    time.seconds = std::min(time.seconds, duration.count());
  }
  return time;
}

}  // namespace

ProductTime forward_product_time(const Model& model, const PassRows& rows) {
  return best_time(model, rows, 2,
                   [&](int weight, ConstMatrixView x, MatrixView y) { linear(model, x, weight, y); });
}

ProductTime training_product_time(const Model& model, const PassRows& rows, std::span<float> gradients) {
  Matrix dx;
  return best_time(model, rows, 6, [&](int weight, ConstMatrixView x, MatrixView y) {
    linear(model, x, weight, y);
    linear_dw(model, y, x, weight, gradients.data());
    dx.resize(x.rows, x.cols);
    linear_dx(model, y, weight, dx.view());
  });
}

}  // namespace deepscaler
