// Kinds of weight: the forms in which a model's matrices stand in memory and meet their inputs. A form knows
// its products, forward and backward, and reads single rows for the embedding; the layers above know none.
//
// A kind is a file, and a line in the table of weight_kinds.cc. It makes its form from the f32 values
// (model/parameters.h), which training changes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "model/parameters.h"
#include "ops/matmul/matmul.h"
#include "tensor/matrix.h"

namespace deepscaler {

// A weight is an index into the model's table. Projections of the same x are given together: they read it
// once. Bits of a row depend neither on other rows nor on threads. Const functions: one thread at a time, as
// all products (ops/matmul/matmul.h).
class WeightForm {
 public:
  virtual ~WeightForm() = default;

  // y [T, O] = x [T, I] W^T of each projection, or y += x W^T.
  virtual void forward(ConstMatrixView x, const Projections<int, MatrixView>& projections,
                       Accumulate accumulate = Accumulate::kNo) const = 0;
  // dx [T, I] = the sum over the projections of dy [T, O] W.
  virtual void dx(const Projections<int, ConstMatrixView>& projections, MatrixView dx) const = 0;
  // Adds dy^T [O, T] x [T, I] to the gradient of each projection's weight, where it is trainable.
  virtual void dw(const Projections<int, ConstMatrixView>& projections, ConstMatrixView x,
                  float* gradients) const = 0;
  // out [I] = row `row` of a matrix.
  virtual void read_row(int weight, int64_t row, std::span<float> out) const = 0;

  // To be called when the f32 values have changed.
  virtual void refresh() = 0;
};

// What products compute in, with weights and in attention (ops/attention/attention.h); all else is f32.
enum class ComputeType { kF32, kBf16 };

struct WeightKind {
  ComputeType type;
  std::string_view name;  // as --dtype gives it
  // Throws Error for a model that the kind can't hold. Table and values must outlive the form.
  std::unique_ptr<WeightForm> (*make)(const ParameterTable& table, const float* values);
};
[[nodiscard]] std::span<const WeightKind> weight_kinds();

[[nodiscard]] std::string_view compute_type_name(ComputeType type);  // "f32", "bf16"
// Of the name of a kind, or "auto": bf16 where a CPU's bf16 dot product is faster than its f32 FMA, else f32.
// Throws Error for other names.
[[nodiscard]] ComputeType compute_type_from_name(std::string_view name);
// What the products of a backward pass compute in, on this CPU: f32 unless bf16 is faster (bf16_is_fast()).
[[nodiscard]] ComputeType backward_compute_type(ComputeType type);
[[nodiscard]] std::unique_ptr<WeightForm> make_weight_form(ComputeType type, const ParameterTable& table,
                                                           const float* values);

}  // namespace deepscaler
