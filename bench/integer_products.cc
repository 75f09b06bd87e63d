#include "integer_products.h"

#include "ops/quant/integer_matmul.h"
#include "tensor/matrix.h"
#include "tensor/quantize.h"

namespace deepscaler::bench {
namespace {

class IntegerRun : public Run {
 public:
  IntegerRun(const Problem& problem, DType dtype) : problem_(problem), result_(problem.rows, problem.out) {
    std::vector<std::byte> blocks(static_cast<size_t>(*storage_bytes(dtype, problem.out * problem.in)));
    (void)quantize(dtype, {problem.w, problem.out, problem.in}, {}, blocks);
    for (int i = 0; i < problem.weight_copies; ++i) {
      weights_.emplace_back(blocks_in_rows(dtype, problem.out, problem.in, blocks));
    }
  }

  void compute(int weight_copy) override {
    rows_.round({problem_.x, problem_.rows, problem_.in});
    integer_matmul(rows_, {{&weights_[static_cast<size_t>(weight_copy)], result_.view()}});
  }
  float at(int64_t row, int64_t column) override { return result_.row(row)[column]; }

 private:
  Problem problem_;
  std::vector<IntegerPanels> weights_;
  IntegerRows rows_;
  Matrix result_;
};

}  // namespace

Contender integer_products(DType dtype) {
  const auto set_up = [dtype](const Problem& problem) -> std::unique_ptr<Run> {
    if (problem.product != Product::kForward || problem.in % block_elements(dtype) != 0) return nullptr;
    return std::make_unique<IntegerRun>(problem, dtype);
  };
  constexpr double kTolerance = 0.05;  // of four bits
  return {std::string(dtype_name(dtype)), kTolerance, set_up};
}

}  // namespace deepscaler::bench
