#include "train/optimizers/state_file.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/rng.h"
#include "formats/safetensors.h"

namespace deepscaler {
namespace {

constexpr const char* kHash = "hash";
constexpr const char* kSteps = "steps";
constexpr const char* kDamaged = "the checkpoint is damaged: remove its folder and go on from an earlier one";

TensorDeclaration declaration_of(const StateArray& array) {
  const auto dtype = dtype_from_name(array.type);
  const auto size = static_cast<int64_t>(array.bytes.size());
  if (!dtype) return {array.name, DType::kF32, {size}, array.type};
  return {array.name, *dtype, {size / static_cast<int64_t>(*storage_bytes(*dtype, 1))}};
}

std::string hash_of(const std::vector<StateArray>& arrays) {
  uint64_t hash = 0;
  for (const StateArray& array : arrays) {
    const std::string_view bytes(reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size());
    hash = hash * 31 + (hash_name(array.name) ^ hash_name(bytes));
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace

void save_state(const std::filesystem::path& path, const std::vector<StateArray>& arrays, int64_t steps) {
  std::vector<TensorDeclaration> declarations;
  for (const StateArray& array : arrays) declarations.push_back(declaration_of(array));
  SafetensorsWriter writer(path, declarations, {{kHash, hash_of(arrays)}, {kSteps, std::to_string(steps)}});
  for (const StateArray& array : arrays) writer.write(array.bytes);
  writer.commit();
}

int64_t load_state(const std::filesystem::path& path, const std::vector<StateArray>& arrays) {
  const SafetensorsFile file(path);
  for (const StateArray& array : arrays) {
    const StoredTensor* stored = file.tensors().find(array.name);
    if (stored == nullptr) {
      throw Error(path.string(), fmt::format("tensor '{}' is missing", array.name), kDamaged);
    }
    const std::string type =
        stored->other_type.empty() ? std::string(dtype_name(stored->dtype)) : stored->other_type;
    if (type != array.type || stored->bytes.size() != array.bytes.size()) {
      throw Error(path.string(),
                  fmt::format("tensor '{}' has another size or type than the model's", array.name), kDamaged);
    }
    std::ranges::copy(stored->bytes, array.bytes.begin());
  }
  const auto hash = file.metadata().find(kHash), steps = file.metadata().find(kSteps);
  int64_t count = 0;
  const bool counts =
      steps != file.metadata().end() &&
      std::from_chars(steps->second.data(), steps->second.data() + steps->second.size(), count).ec ==
          std::errc();
  if (!counts || hash == file.metadata().end() || hash->second != hash_of(arrays)) {
    throw Error(path.string(), "its numbers are not those that were saved", kDamaged);
  }
  return count;
}

}  // namespace deepscaler
