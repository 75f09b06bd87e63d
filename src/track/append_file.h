// A log that grows at its end and is cut back when a run resumes from a checkpoint.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace deepscaler {

// One thread owns it.
class AppendFile {
 public:
  // Opens the file at its end, creating it if need be. Throws Error.
  explicit AppendFile(const std::filesystem::path& path);
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;
  ~AppendFile();

  // One write to the system, so that a reader sees whole records soon. Throws Error (a full disk may
  // leave part of the record; cutting back removes it).
  void append(std::string_view bytes);
  // Makes what was appended survive a crash of the machine. Throws Error.
  void sync();

 private:
  std::filesystem::path path_;
  int descriptor_;
};

// Shortens the file to its first `size_bytes`. Throws Error.
void cut_file(const std::filesystem::path& path, uint64_t size_bytes);

}  // namespace deepscaler
