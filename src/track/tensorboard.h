// TensorBoard event files: records of the TFRecord format that hold Event messages in protobuf's wire
// format (tensorflow/core/util/event.proto, framework/summary.proto, lib/io/record_writer.h).
//
//   record = length u64 LE | masked CRC-32C of it | event | masked CRC-32C of the event
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "track/append_file.h"
#include "track/metrics.h"

namespace deepscaler {

// Events as bytes; pure functions. `wall_time_s` is in seconds since 1970.
[[nodiscard]] std::string version_event(double wall_time_s);
[[nodiscard]] std::string scalar_event(double wall_time_s, int64_t step, std::string_view tag, float value);
// 30 buckets of equal width between the smallest and the greatest value; `values` must be finite and
// not empty.
[[nodiscard]] std::string histogram_event(double wall_time_s, int64_t step, std::string_view tag,
                                          std::span<const double> values);
// Markdown, on TensorBoard's Text page.
[[nodiscard]] std::string text_event(double wall_time_s, int64_t step, std::string_view tag,
                                     std::string_view markdown);

// An event framed as a record.
[[nodiscard]] std::string event_record(std::string_view event);
// CRC-32C (Castagnoli), as in RFC 3720, appendix B.4.
[[nodiscard]] uint32_t crc32c(std::string_view bytes);

// One thread owns it.
class EventFile {
 public:
  // Goes on with the file, or begins one. Its name must contain "tfevents". Throws Error.
  explicit EventFile(const std::filesystem::path& path);

  void scalars(int64_t step, const Metrics& metrics);
  // Of the finite values; nothing where there are none.
  void histogram(int64_t step, std::string_view tag, std::span<const double> values);
  void text(int64_t step, std::string_view tag, std::string_view markdown);
  void sync() { file_.sync(); }

 private:
  AppendFile file_;
};

}  // namespace deepscaler
