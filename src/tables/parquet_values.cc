#include "tables/parquet_values.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostBytes = size_t{1}
                              << 30;  // of a page's texts: a few bytes can repeat a long text many times

// The next `width` bits of numbers packed from the lowest bit on.
uint64_t bits_at(std::string_view packed, size_t index, int width) {
  uint64_t value = 0;
  for (int bit = 0; bit < width; ++bit) {
    const size_t at = index * static_cast<size_t>(width) + static_cast<size_t>(bit);
    value |= uint64_t{(static_cast<unsigned char>(packed[at / 8]) >> (at % 8)) & 1u} << bit;
  }
  return value;
}

Json integer(const ParquetLeaf& leaf, int64_t value) {
  if (!leaf.is_unsigned) return value;
  return leaf.type == ParquetType::kInt32 ? Json(static_cast<uint32_t>(value))
                                          : Json(static_cast<uint64_t>(value));
}

Json text(std::string_view bytes) { return repaired_utf8(bytes); }

size_t plain_size(ByteReader& bytes, const ParquetLeaf& leaf) {
  switch (leaf.type) {
    case ParquetType::kInt32:
    case ParquetType::kFloat:
      return 4;
    case ParquetType::kInt64:
    case ParquetType::kDouble:
      return 8;
    case ParquetType::kFixedBytes:
      bytes.require(leaf.bytes > 0, "has a type without a size");
      return static_cast<size_t>(leaf.bytes);
    default:
      bytes.fail("has a type in an encoding that it can't have");
  }
}

Json fixed_value(ByteReader bytes, const ParquetLeaf& leaf) {
  switch (leaf.type) {
    case ParquetType::kInt32:
      return integer(leaf, bytes.number<int32_t>());
    case ParquetType::kInt64:
      return integer(leaf, bytes.number<int64_t>());
    case ParquetType::kFloat:
      return static_cast<double>(bytes.number<float>());
    case ParquetType::kDouble:
      return bytes.number<double>();
    default:
      return text(bytes.rest());
  }
}

ParquetValues read_plain(ByteReader& bytes, const ParquetLeaf& leaf, size_t count) {
  ParquetValues values;
  if (leaf.type == ParquetType::kBoolean) {
    const std::string_view packed = bytes.take((count + 7) / 8);
    for (size_t i = 0; i < count; ++i) values.emplace_back(bits_at(packed, i, 1) != 0);
    return values;
  }
  for (size_t i = 0; i < count; ++i) {
    if (leaf.type == ParquetType::kBytes)
      values.push_back(text(bytes.take(bytes.number<uint32_t>())));
    else
      values.push_back(fixed_value({bytes.take(plain_size(bytes, leaf)), bytes.where()}, leaf));
  }
  return values;
}

// Blocks of differences, each from its least; sums wrap.
std::vector<int64_t> read_deltas(ByteReader& bytes, size_t count) {
  const uint64_t block = bytes.varint(), minis = bytes.varint(), total = bytes.varint();
  constexpr uint64_t kLargestBlock = 1 << 20;
  const bool sound =
      minis > 0 && minis <= block && block <= kLargestBlock && block % minis == 0 && total == count;
  bytes.require(sound && (block / minis) % 8 == 0, "has a page of differences that can't be");
  const auto of_mini = static_cast<size_t>(block / minis);
  auto last = static_cast<uint64_t>(bytes.zigzag());
  std::vector<int64_t> values;
  if (count > 0) values.push_back(static_cast<int64_t>(last));
  while (values.size() < count) {
    const auto least = static_cast<uint64_t>(bytes.zigzag());
    const std::string_view widths = bytes.take(minis);
    for (size_t mini = 0; mini < minis && values.size() < count; ++mini) {
      const int width = static_cast<unsigned char>(widths[mini]);
      bytes.require(width <= 64, "has a page of differences that can't be");
      const std::string_view packed = bytes.take(of_mini * static_cast<size_t>(width) / 8);
      for (size_t i = 0; i < of_mini && values.size() < count; ++i) {
        last += least + bits_at(packed, i, width);
        values.push_back(static_cast<int64_t>(last));
      }
    }
  }
  return values;
}

std::vector<std::string> read_lengths_and_texts(ByteReader& bytes, size_t count) {
  const std::vector<int64_t> lengths = read_deltas(bytes, count);
  std::vector<std::string> texts;
  for (const int64_t length : lengths) {
    bytes.require(length >= 0, "has a text of a negative length");
    texts.emplace_back(bytes.take(static_cast<uint64_t>(length)));
  }
  return texts;
}

ParquetValues read_prefixed(ByteReader& bytes, size_t count) {
  const std::vector<int64_t> prefixes = read_deltas(bytes, count);
  const std::vector<std::string> suffixes = read_lengths_and_texts(bytes, count);
  ParquetValues values;
  std::string last;
  size_t total = 0;
  for (size_t i = 0; i < count; ++i) {
    bytes.require(prefixes[i] >= 0 && prefixes[i] <= std::ssize(last), "has a prefix longer than its text");
    last = last.substr(0, static_cast<size_t>(prefixes[i])) + suffixes[i];
    total += last.size();
    bytes.require(total <= kMostBytes, "has a page of more than a GiB");
    values.push_back(text(last));
  }
  return values;
}

ParquetValues read_split_streams(ByteReader& bytes, const ParquetLeaf& leaf, size_t count) {
  const size_t size = plain_size(bytes, leaf);
  const std::string_view streams = bytes.take(size * count);
  ParquetValues values;
  for (size_t i = 0; i < count; ++i) {
    std::string value;
    for (size_t byte = 0; byte < size; ++byte) value += streams[byte * count + i];
    values.push_back(fixed_value({value, bytes.where()}, leaf));
  }
  return values;
}

ParquetValues read_indices(ByteReader& bytes, size_t count, const ParquetValues& dictionary) {
  const int width = bytes.number<uint8_t>();
  bytes.require(width <= 32, "has a dictionary that can't be");
  ParquetValues values;
  size_t total = 0;
  for (const uint32_t index : read_runs(bytes, width, count)) {
    bytes.require(index < dictionary.size(), "has an index beyond its dictionary");
    const Json& value = dictionary[index];
    total += value.is_string() ? value.get_ref<const std::string&>().size() : 0;
    bytes.require(total <= kMostBytes, "has a page of more than a GiB");
    values.push_back(dictionary[index]);
  }
  return values;
}

}  // namespace

std::vector<uint32_t> read_runs(ByteReader& bytes, int width, size_t count) {
  std::vector<uint32_t> numbers;
  const size_t run_bytes = (static_cast<size_t>(width) + 7) / 8;
  while (numbers.size() < count) {
    const uint64_t head = bytes.varint();
    const uint64_t left = count - numbers.size();
    if ((head & 1) != 0) {  // groups of eight, packed
      const uint64_t groups = head >> 1;
      bytes.require(groups > 0 && groups <= (uint64_t{1} << 29), "has a run that can't be");
      const std::string_view packed =
          bytes.take(std::min<uint64_t>(groups * static_cast<uint64_t>(width), bytes.rest().size()));
      const uint64_t wanted = std::min(groups * 8, left);
      bytes.require(packed.size() * 8 >= wanted * static_cast<uint64_t>(width), "ends too early");
      for (uint64_t i = 0; i < wanted; ++i)
        numbers.push_back(static_cast<uint32_t>(bits_at(packed, i, width)));
    } else {
      bytes.require(head >> 1 > 0, "has a run that can't be");
      uint32_t value = 0;
      const std::string_view packed = bytes.take(run_bytes);
      std::memcpy(&value, packed.data(), packed.size());
      numbers.insert(numbers.end(), std::min(head >> 1, left), value);
    }
  }
  return numbers;
}

ParquetValues read_parquet_values(ByteReader& bytes, int64_t encoding, const ParquetLeaf& leaf, size_t count,
                                  const ParquetValues& dictionary) {
  enum Encoding : uint8_t {
    kPlain = 0,
    kPlainDictionary = 2,
    kRuns = 3,
    kDeltas = 5,
    kLengths = 6,
    kPrefixes = 7,
    kDictionary = 8,
    kSplitStreams = 9
  };
  ParquetValues values;
  const bool is_integer = leaf.type == ParquetType::kInt32 || leaf.type == ParquetType::kInt64;
  const bool is_bytes = leaf.type == ParquetType::kBytes;
  if (count == 0) return values;
  if (encoding == kPlain) return read_plain(bytes, leaf, count);
  if (encoding == kPlainDictionary || encoding == kDictionary) return read_indices(bytes, count, dictionary);
  if (encoding == kSplitStreams) return read_split_streams(bytes, leaf, count);
  if (encoding == kRuns && leaf.type == ParquetType::kBoolean) {
    ByteReader runs(bytes.take(bytes.number<uint32_t>()), bytes.where());
    for (const uint32_t bit : read_runs(runs, 1, count)) values.emplace_back(bit != 0);
    return values;
  }
  if (encoding == kDeltas && is_integer) {
    for (const int64_t value : read_deltas(bytes, count)) {
      values.push_back(integer(leaf, leaf.type == ParquetType::kInt32 ? static_cast<int32_t>(value) : value));
    }
    return values;
  }
  if (encoding == kLengths && is_bytes) {
    for (const std::string& each : read_lengths_and_texts(bytes, count)) values.push_back(text(each));
    return values;
  }
  if (encoding == kPrefixes && is_bytes) return read_prefixed(bytes, count);
  bytes.fail(fmt::format("has values in encoding {}, which can't be read", encoding));
}

}  // namespace deepscaler
