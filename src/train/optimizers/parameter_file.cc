#include "train/optimizers/parameter_file.h"

#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "formats/safetensors.h"
#include "tensor/matrix.h"

namespace deepscaler {
namespace {

constexpr const char* kHashKey = "hash";
constexpr const char* kDamaged = "the checkpoint is damaged: remove its folder and go on from an earlier one";

std::vector<int64_t> shape_of(const ParameterInfo& info) {
  return info.is_matrix() ? std::vector{info.rows, info.cols} : std::vector{info.cols};
}

template <class T>
std::string hash_of(const ParameterTable& table, std::span<const NamedArray<T>> arrays) {
  uint64_t hash = 0;
  for (const auto& array : arrays)
    hash = hash_parameters(table.trainable(), array.values, hash ^ hash_name(array.name));
  return fmt::format("{:016x}", hash);
}

void load_parameter(const SafetensorsFile& file, const std::string& where, const std::string& name,
                    const ParameterInfo& info, float* values) {
  const StoredTensor* stored = file.tensors().find(name);
  if (stored == nullptr) throw Error(where, fmt::format("tensor '{}' is missing", name), kDamaged);
  if (stored->shape != shape_of(info) || stored->dtype != DType::kF32) {
    throw Error(where, fmt::format("tensor '{}' has another shape or type than the model's", name), kDamaged);
  }
  Matrix rows(info.rows, info.cols);
  std::memcpy(rows.data(), stored->bytes.data(), stored->bytes.size());
  write_parameter(info, rows.view(), values);
}

}  // namespace

void save_parameters(const std::filesystem::path& path, const ParameterTable& table,
                     std::span<const NamedArray<const float>> arrays, FileMetadata metadata) {
  std::vector<TensorDeclaration> declarations;
  for (const auto& array : arrays) {
    for (const ParameterInfo& info : table.trainable()) {
      declarations.push_back({array.name + "." + info.name, DType::kF32, shape_of(info)});
    }
  }
  metadata[kHashKey] = hash_of(table, arrays);
  SafetensorsWriter writer(path, declarations, metadata);
  for (const auto& array : arrays) {
    for (const ParameterInfo& info : table.trainable()) {
      Matrix rows(info.rows, info.cols);
      read_parameter(info, array.values, rows.view());
      writer.write(std::as_bytes(std::span(rows.data(), static_cast<size_t>(rows.size()))));
    }
  }
  writer.commit();
}

FileMetadata load_parameters(const std::filesystem::path& path, const ParameterTable& table,
                             std::span<const NamedArray<float>> arrays) {
  const SafetensorsFile file(path);
  for (const auto& array : arrays) {
    for (const ParameterInfo& info : table.trainable()) {
      load_parameter(file, path.string(), array.name + "." + info.name, info, array.values);
    }
  }
  const auto saved = file.metadata().find(kHashKey);
  if (saved == file.metadata().end() || saved->second != hash_of(table, arrays)) {
    throw Error(path.string(), "its numbers are not those that were saved", kDamaged);
  }
  return file.metadata();
}

}  // namespace deepscaler
