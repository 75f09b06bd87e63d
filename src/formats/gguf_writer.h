// Writes GGUF files, version 3, as llama.cpp's reader wants them (ggml/src/gguf.cpp): tensors one after the
// other in the order of their table, each padded to the alignment, integers of the very types that it asks
// for.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "formats/gguf.h"
#include "formats/stored_tensor.h"

namespace deepscaler {

// Keys and values in the order of their first setting; setting a key again replaces its value.
class GgufKeys {
 public:
  void set_string(std::string_view key, std::string_view value);
  void set_u32(std::string_view key, uint32_t value);
  void set_i32(std::string_view key, int32_t value);
  void set_f32(std::string_view key, float value);
  void set_bool(std::string_view key, bool value);
  void set_strings(std::string_view key, std::span<const std::string> values);
  void set_i32s(std::string_view key, std::span<const int32_t> values);
  // A value of another file, as it lies there.
  void copy(std::string_view key, const GgufValue& value);
  void remove(std::string_view key);

  [[nodiscard]] size_t count() const { return entries_.size(); }
  // The keys with types and values as a file has them.
  [[nodiscard]] std::string bytes() const;

 private:
  struct Entry {
    std::string key;
    std::string value;  // type and value as the file has them
  };
  void set(std::string_view key, std::string value);

  std::vector<Entry> entries_;
};

// Writes a file tensor by tensor; it is at its path whole after commit(), or not at all.
class GgufWriter {
 public:
  // Declares every tensor, in the order in which the data will come. Throws Error for what can't be written.
  GgufWriter(const std::filesystem::path& path, const GgufKeys& keys,
             const std::vector<TensorDeclaration>& tensors);

  // The next bytes of the data: tensors in declared order, each in pieces of any size of its own.
  void write(std::span<const std::byte> bytes);
  // All declared bytes must have come. Throws Error.
  void commit();

 private:
  void begin_tensor();  // the next one that has bytes
  void pad(uint64_t size_bytes);

  AtomicFile file_;
  std::vector<uint64_t> sizes_;  // of the tensors
  size_t tensor_ = 0;            // being written
  uint64_t bytes_left_ = 0;      // of it
};

}  // namespace deepscaler
