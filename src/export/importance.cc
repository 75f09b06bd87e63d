#include "export/importance.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "formats/excerpt.h"
#include "formats/gguf.h"
#include "formats/gguf_writer.h"
#include "tensor/dequantize.h"

namespace deepscaler {
namespace {

constexpr const char* kType = "imatrix";
constexpr std::string_view kSquares = ".in_sum2", kCounts = ".counts";
constexpr const char* kRemedy = "make it with `deepscaler imatrix` or llama-imatrix";

std::vector<float> numbers_of(const GgufFile& file, const StoredTensor& tensor) {
  const auto fail = [&](const char* what) {
    return Error(file.where(), "tensor " + excerpt(tensor.name) + what, kRemedy);
  };
  if (tensor.dtype != DType::kF32) throw fail(" is not in F32");
  std::vector<float> numbers(tensor.bytes.size() / sizeof(float));
  dequantize(tensor.dtype, tensor.bytes, numbers);
  const auto good = [](float x) { return std::isfinite(x) && x >= 0; };
  if (!std::ranges::all_of(numbers, good)) throw fail(" holds what is no sum of squares or count");
  return numbers;
}

void read_inputs(const GgufFile& file, const StoredTensor& squares, ImportanceMatrix& importance) {
  const std::string name = squares.name.substr(0, squares.name.size() - kSquares.size());
  const StoredTensor* counts = file.tensors().find(name + std::string(kCounts));
  if (counts == nullptr || counts->bytes.size() != sizeof(float)) {
    throw Error(file.where(), "tensor " + excerpt(squares.name) + " has not one count beside it", kRemedy);
  }
  importance.inputs[name] = {numbers_of(file, squares), numbers_of(file, *counts).front()};
}

}  // namespace

std::vector<float> ImportanceMatrix::columns(const std::string& name, int64_t cols) const {
  const auto found = inputs.find(name);
  if (found == inputs.end()) return {};
  const auto& [squares, count] = found->second;
  if (std::ssize(squares) != cols) {
    throw Error(file, fmt::format("'{}' has {} columns, and the model's {}", name, squares.size(), cols),
                "use an importance matrix of the same model");
  }
  std::vector<float> means(squares.size(), 1);  // of what no token met
  if (count > 0) std::ranges::transform(squares, means.begin(), [&](float sum) { return sum / count; });
  return means;
}

ImportanceMatrix read_importance(const std::filesystem::path& path) {
  const GgufFile file(path);
  if (file.find_string("general.type").value_or("") != kType) {
    throw Error(file.where(), "is no importance matrix", kRemedy);
  }
  ImportanceMatrix importance;
  importance.file = path.string();
  for (const auto name : file.find_strings("imatrix.datasets").value_or(std::vector<std::string_view>())) {
    importance.datasets.emplace_back(name);
  }
  importance.chunks = file.find_integer("imatrix.chunk_count").value_or(0);
  importance.chunk_tokens = file.find_integer("imatrix.chunk_size").value_or(0);
  for (const StoredTensor& tensor : file.tensors().all()) {
    if (tensor.name.ends_with(kSquares)) read_inputs(file, tensor, importance);
  }
  if (importance.inputs.empty()) throw Error(file.where(), "has no sums of squares", kRemedy);
  return importance;
}

void write_importance(const ImportanceMatrix& importance, const std::filesystem::path& path) {
  GgufKeys keys;
  keys.set_string("general.type", kType);
  keys.set_strings("imatrix.datasets", importance.datasets);
  keys.set_u32("imatrix.chunk_count", static_cast<uint32_t>(importance.chunks));
  keys.set_u32("imatrix.chunk_size", static_cast<uint32_t>(importance.chunk_tokens));
  std::vector<TensorDeclaration> tensors;
  for (const auto& [name, inputs] : importance.inputs) {
    tensors.push_back({name + std::string(kSquares), DType::kF32, {1, std::ssize(inputs.squares)}});
    tensors.push_back({name + std::string(kCounts), DType::kF32, {1, 1}});
  }
  GgufWriter writer(path, keys, tensors);
  for (const auto& [name, inputs] : importance.inputs) {
    writer.write(std::as_bytes(std::span(inputs.squares)));
    writer.write(std::as_bytes(std::span(&inputs.count, 1)));
  }
  writer.commit();
}

}  // namespace deepscaler
