// The tables of weight kinds, and what is read from them.
#include <algorithm>
#include <utility>

#include "base/error.h"
#include "model/bf16_weights.h"
#include "model/block_weights.h"
#include "model/f32_weights.h"
#include "model/integer_weights.h"
#include "model/weights.h"
#include "ops/kernel_target.h"

namespace deepscaler {
namespace {

constexpr WeightKind kKinds[] = {
    {ComputeType::kF32, "f32", make_f32_form},
    {ComputeType::kBf16, "bf16", make_bf16_form},
};

constexpr BlockKind kBlockKinds[] = {
    {Products::kInteger, "integer", make_integer_form},
    {Products::kFloat, "float", make_block_form},
};

const BlockKind& kind_of(Products products) {
  return *std::ranges::find(kBlockKinds, products, &BlockKind::products);
}

const WeightKind& kind_of(ComputeType type) { return *std::ranges::find(kKinds, type, &WeightKind::type); }

template <class Kind>
std::string names_of(std::span<const Kind> kinds) {
  std::string names;
  for (const Kind& kind : kinds) names += fmt::format("{}{}", names.empty() ? "" : ", ", kind.name);
  return names;
}

}  // namespace

std::span<const WeightKind> weight_kinds() { return kKinds; }

std::span<const BlockKind> block_kinds() { return kBlockKinds; }

std::string_view products_name(Products products) { return kind_of(products).name; }

Products products_from_name(std::string_view name) {
  const auto* found = std::ranges::find(kBlockKinds, name, &BlockKind::name);
  if (found != std::end(kBlockKinds)) return found->products;
  throw Error("products", fmt::format("\"{}\" is no way to multiply quantized weights", name),
              fmt::format("use one of {}", names_of(block_kinds())));
}

std::string_view compute_type_name(ComputeType type) { return kind_of(type).name; }

ComputeType compute_type_from_name(std::string_view name) {
  if (name == "auto") return bf16_is_fast() ? ComputeType::kBf16 : ComputeType::kF32;
  const auto* found = std::ranges::find(kKinds, name, &WeightKind::name);
  if (found != std::end(kKinds)) return found->type;
  throw Error("dtype", fmt::format("\"{}\" is not a type to compute in", name),
              fmt::format("use one of auto, {}", names_of(weight_kinds())));
}

KvStore kv_store_of(ComputeType type) { return type == ComputeType::kBf16 ? KvStore::kBf16 : KvStore::kF32; }

ComputeType backward_compute_type(ComputeType type) { return bf16_is_fast() ? type : ComputeType::kF32; }

std::unique_ptr<WeightForm> make_weight_form(ComputeType type, Products products, const ParameterTable& table,
                                             const float* values, const ModelFile* file) {
  auto form = kind_of(type).make(table, values);
  if (file == nullptr) return form;
  return kind_of(products).make({table, *file, type, std::move(form)});
}

}  // namespace deepscaler
