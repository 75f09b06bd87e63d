#include "model/integer_weights.h"

#include <map>
#include <utility>
#include <vector>

#include "model/block_weights.h"
#include "model/model_file.h"
#include "ops/quant/integer_matmul.h"

namespace deepscaler {
namespace {

class IntegerWeights final : public BlockWeights {
 public:
  explicit IntegerWeights(QuantizedModel quantized) : BlockWeights(std::move(quantized)) {
    for (size_t i = 0; i < model().table.all().size(); ++i) {
      const ParameterInfo& info = model().table.all()[i];
      const auto weight = static_cast<int>(i);
      if (!info.in_blocks || info.layout != ParameterInfo::Layout::kPanels) continue;
      panels_.emplace(weight, *find_blocks(weight));
      model().file.forget(info);
    }
  }

  void forward(ConstMatrixView x, const Projections<int, MatrixView>& projections,
               Accumulate accumulate) const override {
    if (const auto others = others_of(projections); !others.empty()) {
      model().other->forward(x, others, accumulate);
    }
    std::vector<Projection<const IntegerPanels*, MatrixView>> packed;
    for (const auto& [weight, y] : projections) {
      if (const auto found = panels_.find(weight); found != panels_.end())
        packed.push_back({&found->second, y});
    }
    if (packed.empty()) return;
    rows_.round(x);
    integer_matmul(rows_, packed, accumulate);
  }

 private:
  std::map<int, IntegerPanels> panels_;  // by weight
  mutable IntegerRows rows_;
};

}  // namespace

std::unique_ptr<WeightForm> make_integer_form(QuantizedModel model) {
  return std::make_unique<IntegerWeights>(std::move(model));
}

}  // namespace deepscaler
