// safetensors: the tensor files of Hugging Face models (github.com/huggingface/safetensors, "Format").
//
// u64 length of the header, the header (JSON: name -> dtype, shape, data_offsets; `__metadata__` maps
// strings to strings), then the data, which the tensors must cover from end to end without overlap.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "formats/stored_tensor.h"

namespace deepscaler {

// One file, mapped. Tensors point into the map and live as long as this object. Thread-safe.
class SafetensorsFile {
 public:
  // Throws Error naming the file (and the tensor) for anything that the format does not allow, and
  // for a dtype other than F32, F16 and BF16.
  explicit SafetensorsFile(const std::filesystem::path& path);

  // Reads bytes in memory, which must outlive the object. `where` names the bytes in errors.
  SafetensorsFile(std::span<const std::byte> bytes, const std::string& where);

  [[nodiscard]] const StoredTensors& tensors() const { return tensors_; }
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  void parse(std::span<const std::byte> bytes, const std::string& where);

  std::optional<MappedFile> mapped_;
  StoredTensors tensors_;
  std::map<std::string, std::string> metadata_;
};

// The weights of an HF model folder: `model.safetensors`, or the shards that `model.safetensors.index.json`
// names. Tensors live as long as this object. Thread-safe.
class SafetensorsFolder {
 public:
  // Whether a folder holds weights.
  [[nodiscard]] static bool is_there(const std::filesystem::path& folder);
  // Throws Error where neither is there, a shard is missing, or index and shards disagree.
  explicit SafetensorsFolder(const std::filesystem::path& folder);

  [[nodiscard]] const StoredTensors& tensors() const { return tensors_; }

 private:
  std::vector<std::unique_ptr<SafetensorsFile>> files_;
  StoredTensors tensors_;
};

// Writes a file tensor by tensor. The file is at its path, whole, after commit(), and not before.
class SafetensorsWriter {
 public:
  // Declares every tensor, of F32, F16, BF16 or another type of the format, in the order in which the data
  // will come. transformers asks for the metadata {"format": "pt"}. Throws Error for what can't be written.
  SafetensorsWriter(const std::filesystem::path& path, const std::vector<TensorDeclaration>& tensors,
                    const std::map<std::string, std::string>& metadata = {{"format", "pt"}});

  // The next bytes of the data: tensors in declared order, each in pieces of any size.
  void write(std::span<const std::byte> bytes);
  // Puts the file at its path. All declared bytes must have been written. Throws Error.
  void commit();

 private:
  AtomicFile file_;
  uint64_t bytes_left_ = 0;
};

}  // namespace deepscaler
