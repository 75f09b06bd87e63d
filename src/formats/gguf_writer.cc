#include "formats/gguf_writer.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/integer.h"
#include "formats/excerpt.h"
#include "formats/gguf_parser.h"

namespace deepscaler {
namespace {

constexpr uint32_t kVersion = 3;
constexpr size_t kLongestTensorName = 63;  // GGML_MAX_NAME, with its end

template <typename T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_string(std::string& bytes, std::string_view text) {
  append<uint64_t>(bytes, text.size());
  bytes += text;
}

void append_type(std::string& bytes, GgufType type) { append(bytes, static_cast<uint32_t>(type)); }

template <typename T>
std::string scalar(GgufType type, T value) {
  std::string bytes;
  append_type(bytes, type);
  append(bytes, value);
  return bytes;
}

std::string array_head(GgufType type, uint64_t length) {
  std::string bytes;
  append_type(bytes, GgufType::kArray);
  append_type(bytes, type);
  append(bytes, length);
  return bytes;
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void GgufKeys::set(std::string_view key, std::string value) {
  const auto known = std::ranges::find(entries_, key, &Entry::key);
  if (known != entries_.end()) {
    known->value = std::move(value);
  } else {
    entries_.push_back({std::string(key), std::move(value)});
  }
}

void GgufKeys::set_string(std::string_view key, std::string_view value) {
  std::string bytes;
  append_type(bytes, GgufType::kString);
  append_string(bytes, value);
  set(key, std::move(bytes));
}
void GgufKeys::set_u32(std::string_view key, uint32_t value) { set(key, scalar(GgufType::kU32, value)); }
void GgufKeys::set_i32(std::string_view key, int32_t value) { set(key, scalar(GgufType::kI32, value)); }
void GgufKeys::set_f32(std::string_view key, float value) { set(key, scalar(GgufType::kF32, value)); }
void GgufKeys::set_bool(std::string_view key, bool value) {
  set(key, scalar<uint8_t>(GgufType::kBool, value ? 1 : 0));
}
void GgufKeys::set_strings(std::string_view key, std::span<const std::string> values) {
  std::string bytes = array_head(GgufType::kString, values.size());
  for (const std::string& value : values) append_string(bytes, value);
  set(key, std::move(bytes));
}
void GgufKeys::set_i32s(std::string_view key, std::span<const int32_t> values) {
  std::string bytes = array_head(GgufType::kI32, values.size());
  bytes += as_text(std::as_bytes(values));
  set(key, std::move(bytes));
}

void GgufKeys::copy(std::string_view key, const GgufValue& value) {
  std::string bytes;
  if (value.is_array) {
    bytes = array_head(value.type, value.length);
  } else {
    append_type(bytes, value.type);
  }
  bytes += as_text(value.bytes);
  set(key, std::move(bytes));
}

void GgufKeys::remove(std::string_view key) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.key == key; });
}

std::string GgufKeys::bytes() const {
  std::string bytes;
  for (const Entry& entry : entries_) {
    append_string(bytes, entry.key);
    bytes += entry.value;
  }
  return bytes;
}

GgufWriter::GgufWriter(const std::filesystem::path& path, const GgufKeys& keys,
                       const std::vector<TensorDeclaration>& tensors)
    : file_(path) {
  std::string head = "GGUF";
  append(head, kVersion);
  append<uint64_t>(head, tensors.size());
  append<uint64_t>(head, keys.count());
  head += keys.bytes();
  uint64_t offset = 0;
  std::set<std::string_view> names;
  for (const auto& [name, dtype, shape, other_type] : tensors) {
    DEEPSCALER_CHECK(name.size() <= kLongestTensorName, "{} is too long", name);
    DEEPSCALER_CHECK(other_type.empty(), "{} as {}", name, other_type);
    DEEPSCALER_CHECK(names.insert(name).second, "{} declared twice", name);
    append_string(head, name);
    append(head, static_cast<uint32_t>(shape.size()));
    for (size_t i = shape.size(); i > 0; --i) append<uint64_t>(head, static_cast<uint64_t>(shape[i - 1]));
    append(head, gguf_tensor_type(dtype));
    append(head, offset);
    sizes_.push_back(stored_bytes(dtype, shape, path.string() + ": tensor " + excerpt(name)));
    offset += round_up(sizes_.back(), kGgufAlignment);
  }
  file_.write(head);
  pad(head.size());
  begin_tensor();
}

void GgufWriter::pad(uint64_t size_bytes) {
  file_.write(std::string(round_up(size_bytes, kGgufAlignment) - size_bytes, '\0'));
}

void GgufWriter::begin_tensor() {
  while (tensor_ < sizes_.size() && sizes_[tensor_] == 0) ++tensor_;
  bytes_left_ = tensor_ < sizes_.size() ? sizes_[tensor_] : 0;
}

void GgufWriter::write(std::span<const std::byte> bytes) {
  DEEPSCALER_CHECK(bytes.size() <= bytes_left_, "{} bytes more than declared", bytes.size() - bytes_left_);
  file_.write(as_text(bytes));
  bytes_left_ -= bytes.size();
  if (bytes_left_ > 0 || bytes.empty()) return;
  pad(sizes_[tensor_++]);
  begin_tensor();
}

void GgufWriter::commit() {
  DEEPSCALER_CHECK(tensor_ == sizes_.size(), "{} declared bytes were not written", bytes_left_);
  file_.commit();
}

}  // namespace deepscaler
