#include "formats/safetensors.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "formats/excerpt.h"
#include "formats/json_text.h"
#include "formats/lfs_pointer.h"

namespace deepscaler {
namespace {

using nlohmann::json;

constexpr const char* kDamaged = "the file is damaged; get it again";
constexpr size_t kLengthBytes = sizeof(uint64_t);
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the reference's limit
constexpr size_t kMaxRank = 16;

// A JSON list of non-negative integers.
std::vector<int64_t> sizes(const json& entry, const char* key, const std::string& where) {
  const auto list = entry.find(key);
  if (list == entry.end() || !list->is_array() || list->size() > kMaxRank) {
    throw Error(where, fmt::format("'{}' is not a list of at most {} sizes", key, kMaxRank), kDamaged);
  }
  std::vector<int64_t> values;
  for (const json& value : *list) {
    constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
    if (!value.is_number_unsigned() || value.get<uint64_t>() > kMax) {
      throw Error(where, fmt::format("'{}' has a value that is not a size", key), kDamaged);
    }
    values.push_back(value.get<int64_t>());
  }
  return values;
}

// Types of the format that no weights are read from. Files hold buffers in them (masks, positions) that are
// none.
struct OtherType {
  std::string_view name;
  int64_t bytes;
};
constexpr OtherType kOtherTypes[] = {{"BOOL", 1}, {"U8", 1},      {"I8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1},
                                     {"U16", 2},  {"I16", 2},     {"U32", 4}, {"I32", 4},     {"U64", 8},
                                     {"I64", 8},  {"F8_E8M0", 1}, {"C64", 8}};

// What a shape takes in another type. The shape is checked as that of any type: f16 has two bytes an element.
size_t other_bytes(const OtherType& type, std::span<const int64_t> shape, const std::string& where) {
  return stored_bytes(DType::kF16, shape, where) / 2 * static_cast<size_t>(type.bytes);
}

// Null where the format has no such type.
const OtherType* find_other_type(std::string_view name) {
  const auto* found = std::ranges::find(kOtherTypes, name, &OtherType::name);
  return found == std::end(kOtherTypes) ? nullptr : found;
}

// The type of a tensor, and the bytes that its shape takes.
size_t read_type(const json& entry, StoredTensor& tensor, const std::string& where) {
  const auto found = entry.find("dtype");
  if (found == entry.end() || !found->is_string()) throw Error(where, "has no dtype", kDamaged);
  const auto& name = found->get_ref<const std::string&>();
  const auto dtype = dtype_from_name(name);
  if (dtype && block_elements(*dtype) == 1) {
    tensor.dtype = *dtype;
    return stored_bytes(*dtype, tensor.shape, where);
  }
  const OtherType* other = find_other_type(name);
  if (other == nullptr) {
    throw Error(where, "unsupported dtype " + excerpt(name), "convert the tensor to F32, F16 or BF16");
  }
  tensor.other_type = name;
  return other_bytes(*other, tensor.shape, where);
}

StoredTensor read_entry(const std::string& name, const json& entry, std::span<const std::byte> data,
                        const std::string& where) {
  if (!entry.is_object()) throw Error(where, "is not described by an object", kDamaged);
  StoredTensor tensor{name, DType::kF32, sizes(entry, "shape", where), {}};
  const size_t needed = read_type(entry, tensor, where);
  const auto offsets = sizes(entry, "data_offsets", where);
  if (offsets.size() != 2 || offsets[0] > offsets[1] || static_cast<uint64_t>(offsets[1]) > data.size()) {
    throw Error(where, fmt::format("data_offsets lie outside the {} bytes of data", data.size()), kDamaged);
  }
  const auto size = static_cast<size_t>(offsets[1] - offsets[0]);
  if (needed != size) {
    throw Error(where, fmt::format("shape needs {} bytes, data_offsets give {}", needed, size), kDamaged);
  }
  tensor.bytes = data.subspan(static_cast<size_t>(offsets[0]), size);
  return tensor;
}

// Sorts by place in the data and checks that the tensors cover it from end to end.
void check_cover(std::vector<StoredTensor>& tensors, std::span<const std::byte> data,
                 const std::string& where) {
  std::ranges::stable_sort(tensors, [](const StoredTensor& a, const StoredTensor& b) {
    return std::pair(a.bytes.data(), a.bytes.size()) < std::pair(b.bytes.data(), b.bytes.size());
  });
  const std::byte* covered = data.data();
  for (const StoredTensor& tensor : tensors) {
    if (tensor.bytes.data() != covered) {
      const char* fault = tensor.bytes.data() < covered ? " overlaps another" : " leaves a hole before it";
      throw Error(where, "tensor " + excerpt(tensor.name) + fault, kDamaged);
    }
    covered += tensor.bytes.size();
  }
  if (covered != data.data() + data.size()) {
    throw Error(where, fmt::format("{} bytes after the last tensor", data.data() + data.size() - covered),
                kDamaged);
  }
}

std::map<std::string, std::string> read_metadata(const json& entries, const std::string& where) {
  std::map<std::string, std::string> metadata;
  if (!entries.is_object()) throw Error(where, "__metadata__ is not an object", kDamaged);
  for (const auto& [key, value] : entries.items()) {
    if (!value.is_string()) throw Error(where, "__metadata__ " + excerpt(key) + " is not a string", kDamaged);
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

// A shard's name in an index: a file beside it, never a way out of the folder.
std::string shard_name(const json& value, const std::string& where) {
  const std::string name = value.is_string() ? value.get<std::string>() : "";
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    throw Error(where, "weight_map names something that is no file of this folder", kDamaged);
  }
  return name;
}

// Tensor name -> shard.
std::map<std::string, std::string> read_index(const std::filesystem::path& path) {
  const json index = read_model_object(path);
  const std::string where = path.string();
  const auto map = index.find("weight_map");
  if (map == index.end() || !map->is_object() || map->empty())
    throw Error(where, "has no weight_map", kDamaged);
  std::map<std::string, std::string> shards;
  for (const auto& [tensor, value] : map->items()) shards[tensor] = shard_name(value, where);
  return shards;
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : mapped_(path) {
  parse(mapped_->bytes(), path.string());
}

SafetensorsFile::SafetensorsFile(std::span<const std::byte> bytes, const std::string& where) {
  parse(bytes, where);
}

void SafetensorsFile::parse(std::span<const std::byte> bytes, const std::string& where) {
  refuse_lfs_pointer({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, where);
  if (bytes.size() < kLengthBytes) throw Error(where, "too short for a safetensors file", kDamaged);
  uint64_t header_bytes;
  std::memcpy(&header_bytes, bytes.data(), kLengthBytes);
  if (header_bytes > kMaxHeaderBytes || header_bytes > bytes.size() - kLengthBytes) {
    throw Error(where, fmt::format("header of {} bytes in a file of {}", header_bytes, bytes.size()),
                kDamaged);
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, header_bytes);
  const json header = parse_json(text, where + ": header");
  if (!header.is_object()) throw Error(where, "the header is not a JSON object", kDamaged);

  const auto data = bytes.subspan(kLengthBytes + header_bytes);
  std::vector<StoredTensor> tensors;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      metadata_ = read_metadata(entry, where);
    } else {
      tensors.push_back(read_entry(name, entry, data, where + ": tensor " + excerpt(name)));
    }
  }
  check_cover(tensors, data, where);
  tensors_ = StoredTensors(std::move(tensors), where);
}

namespace {

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

}  // namespace

bool SafetensorsFolder::is_there(const std::filesystem::path& folder) {
  return std::filesystem::exists(folder / kSingle) || std::filesystem::exists(folder / kIndex);
}

SafetensorsFolder::SafetensorsFolder(const std::filesystem::path& folder) {
  const auto single = folder / kSingle;
  const auto index = folder / kIndex;
  if (std::filesystem::exists(single)) {
    files_.push_back(std::make_unique<SafetensorsFile>(single));
    tensors_ = files_.back()->tensors();
    return;
  }
  for (const char* pickled : {"pytorch_model.bin", "pytorch_model.bin.index.json"}) {
    if (std::filesystem::exists(index) || !std::filesystem::exists(folder / pickled)) continue;
    throw Error(folder.string(), "has its weights in pytorch_model.bin, which is not read",
                "convert them to safetensors");
  }
  if (!std::filesystem::exists(index)) {
    throw Error(folder.string(), "has neither model.safetensors nor model.safetensors.index.json",
                "name a folder that holds a Hugging Face model");
  }
  std::map<std::string, const SafetensorsFile*> shards;
  std::vector<StoredTensor> tensors;
  for (const auto& [name, shard] : read_index(index)) {
    const SafetensorsFile*& file = shards[shard];
    if (!file && !std::filesystem::exists(folder / shard)) {
      throw Error(index.string(), "names " + excerpt(shard) + ", which is not there",
                  "the model is not complete: get the rest of its files");
    }
    if (!file) file = files_.emplace_back(std::make_unique<SafetensorsFile>(folder / shard)).get();
    const StoredTensor* tensor = file->tensors().find(name);
    if (!tensor) {
      throw Error(index.string(), "tensor " + excerpt(name) + " is not in " + excerpt(shard), kDamaged);
    }
    tensors.push_back(*tensor);
  }
  tensors_ = StoredTensors(std::move(tensors), index.string());
}

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& path,
                                     const std::vector<TensorDeclaration>& tensors,
                                     const std::map<std::string, std::string>& metadata)
    : file_(path) {
  json header = json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  for (const auto& [name, dtype, shape, other_name] : tensors) {
    const OtherType* other = find_other_type(other_name);
    DEEPSCALER_CHECK(other != nullptr || (other_name.empty() && block_elements(dtype) == 1), "{} as {}", name,
                     dtype_name(dtype));
    DEEPSCALER_CHECK(!header.contains(name), "{} declared twice", name);
    const std::string where = path.string() + ": tensor " + excerpt(name);
    const uint64_t end =
        bytes_left_ + (other ? other_bytes(*other, shape, where) : stored_bytes(dtype, shape, where));
    header[name] = {{"dtype", other ? other->name : dtype_name(dtype)},
                    {"shape", shape},
                    {"data_offsets", {bytes_left_, end}}};
    bytes_left_ = end;
  }
  std::string text = header.dump();
  text.append(-text.size() % 8, ' ');  // so that the data begins on a multiple of 8
  const uint64_t length = text.size();
  file_.write({reinterpret_cast<const char*>(&length), kLengthBytes});
  file_.write(text);
}

void SafetensorsWriter::write(std::span<const std::byte> bytes) {
  DEEPSCALER_CHECK(bytes.size() <= bytes_left_, "{} bytes more than declared", bytes.size() - bytes_left_);
  file_.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  bytes_left_ -= bytes.size();
}

void SafetensorsWriter::commit() {
  DEEPSCALER_CHECK(bytes_left_ == 0, "{} declared bytes were not written", bytes_left_);
  file_.commit();
}

}  // namespace deepscaler
