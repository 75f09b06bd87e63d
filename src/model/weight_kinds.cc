// The table of weight kinds, and what is read from it.
#include <algorithm>

#include "base/error.h"
#include "model/bf16_weights.h"
#include "model/f32_weights.h"
#include "model/weights.h"
#include "ops/kernel_target.h"

namespace deepscaler {
namespace {

constexpr WeightKind kKinds[] = {
    {ComputeType::kF32, "f32", make_f32_form},
    {ComputeType::kBf16, "bf16", make_bf16_form},
};

const WeightKind& kind_of(ComputeType type) { return *std::ranges::find(kKinds, type, &WeightKind::type); }

}  // namespace

std::span<const WeightKind> weight_kinds() { return kKinds; }

std::string_view compute_type_name(ComputeType type) { return kind_of(type).name; }

ComputeType compute_type_from_name(std::string_view name) {
  if (name == "auto") return bf16_is_fast() ? ComputeType::kBf16 : ComputeType::kF32;
  const auto* found = std::ranges::find(kKinds, name, &WeightKind::name);
  if (found != std::end(kKinds)) return found->type;
  std::string names = "auto";
  for (const WeightKind& kind : kKinds) names += fmt::format(", {}", kind.name);
  throw Error("dtype", fmt::format("\"{}\" is not a type to compute in", name),
              fmt::format("use one of {}", names));
}

ComputeType backward_compute_type(ComputeType type) { return bf16_is_fast() ? type : ComputeType::kF32; }

std::unique_ptr<WeightForm> make_weight_form(ComputeType type, const ParameterTable& table,
                                             const float* values) {
  return kind_of(type).make(table, values);
}

}  // namespace deepscaler
