// Files: whole reads, memory maps, and writes that are either complete or absent.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace deepscaler {

// The whole file as bytes. Throws Error naming the path when it can't be read.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

// Writes beside `path`, syncs, renames over `path` or what it links to, so that a reader (or a crash, or a
// full disk) sees the old file or the new one whole. A device or pipe gets the bytes. Throws Error.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

// A file written in pieces, for what is too large to hold in memory. Nothing is at `path` until commit().
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();  // removes the temporary file where commit() was not reached

  void write(std::string_view bytes);  // throws Error
  void commit();                       // sync, rename, sync the folder; throws Error

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

// Makes the names in a folder (a file renamed into it) survive a crash of the machine. Throws Error.
void sync_folder(const std::filesystem::path& folder);

// A file mapped read-only. The bytes live as long as this object. Movable, not copyable.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);  // throws Error
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  // Gives back the memory of a part of bytes(), which the system reads from the file again where it is looked
  // at.
  void forget(std::span<const std::byte> part) const;

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace deepscaler
