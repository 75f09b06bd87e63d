#include "track/tensorboard.h"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstring>
#include <iterator>
#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace deepscaler {
namespace {

static_assert(std::endian::native == std::endian::little, "records are written as they are in memory");

template <class T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

// Protobuf's wire types: a field is its number and type, then its value.
enum class Wire : uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

std::string key(int field, Wire wire) {
  return varint(static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(wire));
}
std::string integer_field(int field, int64_t value) {
  return key(field, Wire::kVarint) + varint(static_cast<uint64_t>(value));
}
std::string double_field(int field, double value) { return key(field, Wire::kFixed64) + raw(value); }
std::string float_field(int field, float value) { return key(field, Wire::kFixed32) + raw(value); }
std::string bytes_field(int field, std::string_view value) {
  return (key(field, Wire::kBytes) + varint(value.size())).append(value);
}
std::string packed_field(int field, std::span<const double> values) {
  return bytes_field(field, {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

// Event{wall_time = 1, step = 2, summary = 5{value = 1}}.
std::string summary_event(double wall_time_s, int64_t step, std::string_view summary_value) {
  return double_field(1, wall_time_s) + integer_field(2, step) +
         bytes_field(5, bytes_field(1, summary_value));
}

struct Buckets {
  std::vector<double> limits;  // right edges
  std::vector<double> counts;
};

Buckets fill_buckets(std::span<const double> values, double low, double high) {
  constexpr size_t kBuckets = 30;
  const size_t count = high > low ? kBuckets : 1;
  Buckets buckets{std::vector<double>(count), std::vector<double>(count, 0)};
  const double width = (high - low) / static_cast<double>(count);
  for (size_t i = 0; i < count; ++i) buckets.limits[i] = low + width * static_cast<double>(i + 1);
  buckets.limits.back() = high;
  for (double value : values) {
    const size_t bucket = width > 0 ? static_cast<size_t>((value - low) / width) : 0;
    ++buckets.counts[std::min(bucket, count - 1)];
  }
  return buckets;
}

uint32_t masked_crc(std::string_view bytes) { return std::rotr(crc32c(bytes), 15) + 0xa282ead8; }

double now_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static const auto table = [] {
    constexpr uint32_t kReversedPolynomial = 0x82f63b78;
    std::array<uint32_t, 256> table;
    for (uint32_t i = 0; i < table.size(); ++i) {
      uint32_t crc = i;
      for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ kReversedPolynomial : crc >> 1;
      table[i] = crc;
    }
    return table;
  }();
  uint32_t crc = ~uint32_t{0};
  for (unsigned char byte : bytes) crc = table[(crc ^ byte) & 0xff] ^ crc >> 8;
  return ~crc;
}

std::string event_record(std::string_view event) {
  const std::string length = raw(static_cast<uint64_t>(event.size()));
  return (length + raw(masked_crc(length))).append(event) + raw(masked_crc(event));
}

std::string version_event(double wall_time_s) {
  return double_field(1, wall_time_s) + bytes_field(3, "brain.Event:2");
}

// Summary.Value{tag = 1, simple_value = 2}.
std::string scalar_event(double wall_time_s, int64_t step, std::string_view tag, float value) {
  return summary_event(wall_time_s, step, bytes_field(1, tag) + float_field(2, value));
}

// Summary.Value{tag = 1, histo = 5{min 1, max 2, num 3, sum 4, sum_squares 5, limits 6, counts 7}}.
std::string histogram_event(double wall_time_s, int64_t step, std::string_view tag,
                            std::span<const double> values) {
  DEEPSCALER_CHECK(!values.empty(), "histogram {} of nothing", tag);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  double sum = 0, squares = 0;
  for (double value : values) sum += value, squares += value * value;
  const Buckets buckets = fill_buckets(values, *low, *high);
  const std::string histogram = double_field(1, *low) + double_field(2, *high) +
                                double_field(3, static_cast<double>(values.size())) + double_field(4, sum) +
                                double_field(5, squares) + packed_field(6, buckets.limits) +
                                packed_field(7, buckets.counts);
  return summary_event(wall_time_s, step, bytes_field(1, tag) + bytes_field(5, histogram));
}

// Summary.Value{tag = 1, tensor = 8{dtype 1, shape 2, string_val 8}, metadata = 9{plugin_data 1}}.
std::string text_event(double wall_time_s, int64_t step, std::string_view tag, std::string_view markdown) {
  constexpr int64_t kDtString = 7;
  const std::string shape = bytes_field(2, integer_field(1, 1));  // one dimension of size 1
  const std::string tensor = integer_field(1, kDtString) + bytes_field(2, shape) + bytes_field(8, markdown);
  const std::string metadata = bytes_field(1, bytes_field(1, "text"));
  const std::string full_tag = std::string(tag) + "/text_summary";
  return summary_event(wall_time_s, step,
                       bytes_field(1, full_tag) + bytes_field(8, tensor) + bytes_field(9, metadata));
}

EventFile::EventFile(const std::filesystem::path& path) : file_(path) {
  if (std::filesystem::file_size(path) == 0) file_.append(event_record(version_event(now_s())));
}

void EventFile::scalars(int64_t step, const Metrics& metrics) {
  std::string records;
  for (const auto& [name, value] : metrics.all())
    records += event_record(scalar_event(now_s(), step, name, static_cast<float>(value)));
  file_.append(records);
}

void EventFile::histogram(int64_t step, std::string_view tag, std::span<const double> values) {
  std::vector<double> finite;
  std::copy_if(values.begin(), values.end(), std::back_inserter(finite),
               [](double value) { return std::isfinite(value); });
  if (!finite.empty()) file_.append(event_record(histogram_event(now_s(), step, tag, finite)));
}

void EventFile::text(int64_t step, std::string_view tag, std::string_view markdown) {
  file_.append(event_record(text_event(now_s(), step, tag, markdown)));
}

}  // namespace deepscaler
