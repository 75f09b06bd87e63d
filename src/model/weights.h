// Kinds of weight: the forms in which a model's matrices stand in memory and meet their inputs. A form knows
// its products, forward and backward, and reads single rows for the embedding; the layers above know none.
//
// A kind is a file, and a line in a table of weight_kinds.cc; one that attention computes in too is also a
// value of ComputeType. It makes its form from the f32 values
// (model/parameters.h), which training changes, or from the quantized blocks of a model's file, which stay as
// they are.
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
  // dx [T, I] = the sum over the projections of dy [T, O] W, or dx += that sum.
  virtual void dx(const Projections<int, ConstMatrixView>& projections, MatrixView dx,
                  Accumulate accumulate = Accumulate::kNo) const = 0;
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

// Forms of matrices that are in the array of values.
struct WeightKind {
  ComputeType type;
  std::string_view name;  // as --dtype gives it
  // Throws Error for a model that the kind can't hold. Table and values must outlive the form.
  std::unique_ptr<WeightForm> (*make)(const ParameterTable& table, const float* values);
};
[[nodiscard]] std::span<const WeightKind> weight_kinds();

// How quantized matrices are multiplied, whatever other products compute in.
enum class Products {
  kFloat,    // their floats, in the compute type: the bits of a model that is loaded as floats
  kInteger,  // their codes, with inputs rounded to eight bits (ops/quant/integer_matmul.h)
};

class ModelFile;

// A model of which some matrices are quantized. Table and file must outlive the form.
struct QuantizedModel {
  const ParameterTable& table;
  const ModelFile& file;              // which has the blocks of what the table says is in_blocks
  ComputeType type;                   // of all other products
  std::unique_ptr<WeightForm> other;  // the form of the matrices that are not in blocks
};

// Forms of matrices in blocks.
struct BlockKind {
  Products products;
  std::string_view name;  // as --products gives it
  std::unique_ptr<WeightForm> (*make)(QuantizedModel model);
};
[[nodiscard]] std::span<const BlockKind> block_kinds();
[[nodiscard]] std::string_view products_name(Products products);  // "float", "integer"
// Throws Error for a name that is no kind's.
[[nodiscard]] Products products_from_name(std::string_view name);

[[nodiscard]] std::string_view compute_type_name(ComputeType type);  // "f32", "bf16"
// Of the name of a kind, or "auto": bf16 where a CPU's bf16 dot product is faster than its f32 FMA, else f32.
// Throws Error for other names.
[[nodiscard]] ComputeType compute_type_from_name(std::string_view name);
// What keys and values are stored as where nothing else is said.
[[nodiscard]] KvStore kv_store_of(ComputeType type);
// What the products of a backward pass compute in, on this CPU: f32 unless bf16 is faster (bf16_is_fast()).
[[nodiscard]] ComputeType backward_compute_type(ComputeType type);
// `file` has the blocks; null where the table has none.
[[nodiscard]] std::unique_ptr<WeightForm> make_weight_form(ComputeType type, Products products,
                                                           const ParameterTable& table, const float* values,
                                                           const ModelFile* file);

}  // namespace deepscaler
