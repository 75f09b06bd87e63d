#include "formats/gguf.h"

#include <cstring>
#include <limits>

#include "base/error.h"
#include "formats/excerpt.h"
#include "formats/gguf_parser.h"

namespace deepscaler {
namespace {

constexpr const char* kWrongFile = "use a GGUF file of a model this program knows";

template <typename T>
T load(std::span<const std::byte> bytes, uint64_t index) {
  T value;
  std::memcpy(&value, &bytes[index * sizeof value], sizeof value);
  return value;
}

// The string that `bytes` begins with; the parser has checked its length.
std::string_view leading_string(std::span<const std::byte> bytes) {
  const auto length = load<uint64_t>(bytes, 0);
  return {reinterpret_cast<const char*>(bytes.data()) + sizeof length, length};
}

// Element `index` as an integer; nothing where it is none or does not fit.
std::optional<int64_t> integer_at(const GgufValue& value, uint64_t index) {
  switch (value.type) {
    case GgufType::kU8:
      return load<uint8_t>(value.bytes, index);
    case GgufType::kI8:
      return load<int8_t>(value.bytes, index);
    case GgufType::kU16:
      return load<uint16_t>(value.bytes, index);
    case GgufType::kI16:
      return load<int16_t>(value.bytes, index);
    case GgufType::kU32:
      return load<uint32_t>(value.bytes, index);
    case GgufType::kI32:
      return load<int32_t>(value.bytes, index);
    case GgufType::kI64:
      return load<int64_t>(value.bytes, index);
    case GgufType::kU64: {
      const auto wide = load<uint64_t>(value.bytes, index);
      if (wide > std::numeric_limits<int64_t>::max()) return std::nullopt;
      return static_cast<int64_t>(wide);
    }
    default:
      return std::nullopt;
  }
}

std::optional<double> number_at(const GgufValue& value, uint64_t index) {
  if (value.type == GgufType::kF32) return load<float>(value.bytes, index);
  if (value.type == GgufType::kF64) return load<double>(value.bytes, index);
  const auto integer = integer_at(value, index);
  return integer ? std::optional(static_cast<double>(*integer)) : std::nullopt;
}

}  // namespace

GgufFile::GgufFile(const std::filesystem::path& path) : where_(path.string()), mapped_(path) {
  GgufContents contents = parse_gguf(mapped_->bytes(), where_);
  values_ = std::move(contents.values);
  tensors_ = StoredTensors(std::move(contents.tensors), where_);
}

GgufFile::GgufFile(std::span<const std::byte> bytes, const std::string& where) : where_(where) {
  GgufContents contents = parse_gguf(bytes, where_);
  values_ = std::move(contents.values);
  tensors_ = StoredTensors(std::move(contents.tensors), where_);
}

const GgufValue* GgufFile::find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

void GgufFile::wrong_type(std::string_view key, const char* wanted) const {
  throw Error(where_, fmt::format("key {} is not {}", excerpt(key), wanted), kWrongFile);
}

void GgufFile::absent(std::string_view key) const {
  throw Error(where_, fmt::format("key {} is missing", excerpt(key)), kWrongFile);
}

std::optional<std::string_view> GgufFile::find_string(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  if (value->is_array || value->type != GgufType::kString) wrong_type(key, "a string");
  return leading_string(value->bytes);
}

std::optional<int64_t> GgufFile::find_integer(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  const auto integer = value->is_array ? std::nullopt : integer_at(*value, 0);
  if (!integer) wrong_type(key, "an integer below 2^63");
  return integer;
}

std::optional<double> GgufFile::find_number(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  const auto number = value->is_array ? std::nullopt : number_at(*value, 0);
  if (!number) wrong_type(key, "a number");
  return number;
}

std::optional<bool> GgufFile::find_bool(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  if (value->is_array || value->type != GgufType::kBool) wrong_type(key, "a truth value");
  return load<uint8_t>(value->bytes, 0) != 0;
}

std::optional<std::vector<std::string_view>> GgufFile::find_strings(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  if (!value->is_array || value->type != GgufType::kString) wrong_type(key, "a list of strings");
  std::vector<std::string_view> strings;
  strings.reserve(value->length);
  for (auto rest = value->bytes; !rest.empty();) {
    strings.push_back(leading_string(rest));
    rest = rest.subspan(sizeof(uint64_t) + strings.back().size());
  }
  return strings;
}

std::optional<std::vector<int64_t>> GgufFile::find_integers(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  if (!value->is_array) wrong_type(key, "a list of integers");
  std::vector<int64_t> integers;
  integers.reserve(value->type == GgufType::kArray ? 0 : value->length);
  for (uint64_t i = 0; i < value->length; ++i) {
    const auto integer = integer_at(*value, i);
    if (!integer) wrong_type(key, "a list of integers below 2^63");
    integers.push_back(*integer);
  }
  return integers;
}

std::optional<std::vector<double>> GgufFile::find_numbers(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  if (!value->is_array) wrong_type(key, "a list of numbers");
  std::vector<double> numbers;
  for (uint64_t i = 0; i < value->length; ++i) {
    const auto number = number_at(*value, i);
    if (!number) wrong_type(key, "a list of numbers");
    numbers.push_back(*number);
  }
  return numbers;
}

std::string_view GgufFile::string(std::string_view key) const {
  const auto value = find_string(key);
  if (!value) absent(key);
  return *value;
}

int64_t GgufFile::integer(std::string_view key) const {
  const auto value = find_integer(key);
  if (!value) absent(key);
  return *value;
}

double GgufFile::number(std::string_view key) const {
  const auto value = find_number(key);
  if (!value) absent(key);
  return *value;
}

std::vector<std::string_view> GgufFile::strings(std::string_view key) const {
  auto value = find_strings(key);
  if (!value) absent(key);
  return *std::move(value);
}

std::vector<std::string_view> GgufFile::keys() const {
  std::vector<std::string_view> names;
  for (const auto& entry : values_) names.push_back(entry.first);
  return names;
}

}  // namespace deepscaler
