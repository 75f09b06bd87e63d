// Collects an importance matrix: the sums of squares of what each matrix of the layers is multiplied with,
// while the model reads text (tools/imatrix of llama.cpp).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "export/importance.h"
#include "model/forward.h"

namespace deepscaler {

// One thread uses it at a time. Takes the activations of all layers for a chunk.
class InputSquares {
 public:
  // `model` must outlive this object.
  explicit InputSquares(const Model& model);

  // Reads the tokens as a text of their own.
  void add(std::span<const int32_t> tokens);

  // What was read so far.
  [[nodiscard]] ImportanceMatrix result() const;

 private:
  // The inputs of some matrices of a layer, which have one in common.
  void add_inputs(std::initializer_list<int> matrices, ConstMatrixView inputs);

  const Model& model_;
  Activations activations_;
  std::map<int, std::vector<double>> squares_;  // by parameter
  int64_t tokens_ = 0, chunks_ = 0, chunk_tokens_ = 0;
};

}  // namespace deepscaler
