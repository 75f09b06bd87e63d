#include "export/merged_adapter.h"

#include <cmath>
#include <functional>
#include <string>

#include "base/error.h"
#include "base/parallel.h"
#include "ops/matmul/matmul.h"
#include "tensor/buffer.h"

namespace deepscaler {
namespace {

using UseChange = std::function<void(int base, const Matrix& rows, const Matrix& change)>;

// s B A of every adapted matrix, with the rows that it is added to, one after the other.
void for_each_change(const Model& adapted, const UseChange& body) {
  DEEPSCALER_CHECK(adapted.base() != nullptr);
  const auto& all = adapted.table().all();
  const std::string a_suffix = ".lora_A.weight";
  for (size_t i = 0; i < all.size(); ++i) {
    if (!all[i].name.ends_with(a_suffix)) continue;
    const ParameterInfo &a = all[i], &b = all[i + 1];
    const std::string name = a.name.substr(0, a.name.size() - a_suffix.size()) + ".weight";
    int base = 0;
    while (all[static_cast<size_t>(base)].name != name) ++base;
    Matrix b_rows(b.rows, b.cols), rows(b.rows, a.cols), change(b.rows, a.cols);
    read_parameter(b, adapted.weights(), b_rows.view());
    for (int64_t k = 0; k < b_rows.size(); ++k) b_rows.data()[k] *= adapted.lora().scale();
    matmul_dx({{panels_of(adapted.table(), adapted.weights(), static_cast<int>(i)), b_rows.view()}},
              change.view());
    adapted.read(base, rows.view());
    body(base, rows, change);
  }
}

float rounded(float x, DType dtype) {
  return dtype == DType::kF16 ? f16_to_f32(f32_to_f16(x)) : bf16_to_f32(f32_to_bf16(x));
}

}  // namespace

Model merged_model(const Model& adapted) {
  Model merged(adapted.config());
  copy_parameters(*adapted.base(), merged);
  const WeightEdit weights = merged.edit_weights();
  for_each_change(adapted, [&](int base, const Matrix& rows, const Matrix& change) {
    Matrix sum(rows.rows(), rows.cols());
    parallel_for(sum.rows(), [&](int64_t r) {
      for (int64_t c = 0; c < sum.cols(); ++c) sum.row(r)[c] = rows.row(r)[c] + change.row(r)[c];
    });
    write_parameter(merged.table()[base], sum.view(), weights.data());
  });
  return merged;
}

MergeLoss merge_loss(const Model& adapted, DType dtype) {
  double numbers = 0, same = 0, lost = 0, all = 0;
  for_each_change(adapted, [&](int, const Matrix& rows, const Matrix& change) {
    for (int64_t i = 0; i < rows.size(); ++i) {
      const float w = rows.data()[i], exact = change.data()[i];
      const float before = rounded(w, dtype), after = rounded(w + exact, dtype);
      const double left = static_cast<double>(after) - before;
      ++numbers;
      same += before == after ? 1 : 0;
      lost += std::pow(left - exact, 2);
      all += std::pow(static_cast<double>(exact), 2);
    }
  });
  if (all == 0) return {.unchanged = 1};
  return {.unchanged = same / numbers, .error = std::sqrt(lost / all)};
}

}  // namespace deepscaler
