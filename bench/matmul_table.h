// The table of matrix-product rates: which products a transformer's training is made of, how they are
// timed, and how they are printed. Who computes them is a Contender (our_matmul.h, onednn_matmul.h).
//
// One letter per dimension: T rows (tokens), I inputs, O outputs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace deepscaler::bench {

enum class Product {
  kForward,  // y [T, O] = x [T, I] W^T
  kDx,       // dx [T, I] = dy [T, O] W
  kDw,       // dW [O, I] = dy^T x
};

struct Problem {
  Product product = Product::kForward;
  int64_t rows = 0;
  int64_t out = 0;
  int64_t in = 0;
  // Row-major operands; those that the product does not read are null. They outlive every Run.
  const float* x = nullptr;   // [T, I]
  const float* w = nullptr;   // [O, I]
  const float* dy = nullptr;  // [T, O]
  // How many copies of W to keep. Each call uses the next one, so that weights come from memory, as
  // they do when a whole model is walked, and not from the cache that the last call filled.
  int weight_copies = 1;
};

// One product, set up: whatever can be done once per weight update (packing) is done.
class Run {
 public:
  virtual ~Run() = default;
  virtual void compute(int weight_copy) = 0;
  // Element [row, column] of the result of the first compute().
  [[nodiscard]] virtual float at(int64_t row, int64_t column) = 0;
};

struct Contender {
  std::string name;
  double tolerance = 1e-5;  // of a result, relative to the norms of the two vectors that it is the product of
  // Null where this contender cannot compute the problem.
  std::function<std::unique_ptr<Run>(const Problem&)> set_up;
};

struct TableOptions {
  std::string model = "all";  // "smollm2", "1.5b" or "all"
  std::vector<int64_t> rows = {1, 8, 32, 64, 128, 512, 2048};
  double seconds = 0.2;  // each contender computes a problem for at least so long
};

// Prints GFLOP/s, each contender's best call of a problem, and the ratio of the first contender to the
// best of the others. Throws Error where a result is wrong.
void print_matmul_table(const std::vector<Contender>& contenders, const TableOptions& options);

}  // namespace deepscaler::bench
