// GGUF: the model files of llama.cpp, Ollama and LM Studio, versions 2 and 3, little-endian
// (docs/gguf.md in github.com/ggml-org/ggml): keys with typed values, then tensors.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "formats/stored_tensor.h"

namespace deepscaler {

// The value types, numbered as in the file.
enum class GgufType : uint32_t {
  kU8 = 0,
  kI8 = 1,
  kU16 = 2,
  kI16 = 3,
  kU32 = 4,
  kI32 = 5,
  kF32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kU64 = 10,
  kI64 = 11,
  kF64 = 12,
};

// A value that stays in the file's bytes. A scalar has length 1.
struct GgufValue {
  GgufType type;  // of the elements
  bool is_array;
  uint64_t length;                   // elements
  std::span<const std::byte> bytes;  // of the elements, checked to be whole
};

// One file, mapped. Tensors and strings point into the map and live as long as this object.
// Thread-safe once built.
class GgufFile {
 public:
  // Throws Error naming the file and the key or tensor for anything that the format does not allow.
  explicit GgufFile(const std::filesystem::path& path);

  // Reads bytes in memory, which must outlive the object. `where` names the bytes in errors.
  GgufFile(std::span<const std::byte> bytes, const std::string& where);

  // The file's name, for errors.
  [[nodiscard]] const std::string& where() const { return where_; }

  // Shapes are outermost first (the file has them innermost first).
  [[nodiscard]] const StoredTensors& tensors() const { return tensors_; }
  // Gives back the memory that reading a tensor took; it is read from the file again where it is looked at.
  void forget(const StoredTensor& tensor) const {
    if (mapped_) mapped_->forget(tensor.bytes);
  }

  // The value of a key, nothing where the key is absent. Throws Error where it has another type
  // (any integer type serves for an integer, any integer or float type for a number) or does not
  // fit into the result.
  [[nodiscard]] std::optional<std::string_view> find_string(std::string_view key) const;
  [[nodiscard]] std::optional<int64_t> find_integer(std::string_view key) const;
  [[nodiscard]] std::optional<double> find_number(std::string_view key) const;
  [[nodiscard]] std::optional<bool> find_bool(std::string_view key) const;
  [[nodiscard]] std::optional<std::vector<std::string_view>> find_strings(std::string_view key) const;
  [[nodiscard]] std::optional<std::vector<int64_t>> find_integers(std::string_view key) const;
  [[nodiscard]] std::optional<std::vector<double>> find_numbers(std::string_view key) const;

  // The value of a key that must be there. Throws Error where the key is absent, has another type or does not
  // fit.
  [[nodiscard]] std::string_view string(std::string_view key) const;
  [[nodiscard]] int64_t integer(std::string_view key) const;
  [[nodiscard]] double number(std::string_view key) const;
  [[nodiscard]] std::vector<std::string_view> strings(std::string_view key) const;

  [[nodiscard]] std::vector<std::string_view> keys() const;  // sorted
  // The value as it lies in the file, null where the key is absent.
  [[nodiscard]] const GgufValue* find(std::string_view key) const;

 private:
  [[noreturn]] void absent(std::string_view key) const;
  [[noreturn]] void wrong_type(std::string_view key, const char* wanted) const;

  std::string where_;
  std::optional<MappedFile> mapped_;
  std::map<std::string, GgufValue, std::less<>> values_;
  StoredTensors tensors_;
};

}  // namespace deepscaler
