#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace deepscaler {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* what, const char* remedy) {
  throw Error(path.empty() ? "\"\"" : path.string(), fmt::format("{}: {}", what, std::strerror(errno)),
              remedy);
}

constexpr const char* kCheckPath = "check the path and its permissions";
constexpr const char* kCheckDisk = "check that the folder exists, is writable and has space left";

// An open descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(const std::filesystem::path& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) fail(path, "can't open", kCheckPath);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(fd_); }
  operator int() const { return fd_; }

 private:
  int fd_;
};

size_t regular_file_size(int fd, const std::filesystem::path& path) {
  struct stat status;
  if (fstat(fd, &status) != 0) fail(path, "can't stat", kCheckPath);
  if (S_ISDIR(status.st_mode)) throw Error(path.string(), "is a folder, not a file", kCheckPath);
  return static_cast<size_t>(status.st_size);
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  const Descriptor fd(path);
  std::string bytes;
  bytes.reserve(regular_file_size(fd, path));
  char buffer[1 << 16];
  ssize_t count;
  while ((count = read(fd, buffer, sizeof buffer)) != 0) {
    if (count < 0 && errno != EINTR) fail(path, "can't read", kCheckPath);
    if (count > 0) bytes.append(buffer, static_cast<size_t>(count));
  }
  return bytes;
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

namespace {

// Where a name leads to: a link stays, and the file behind it is written.
std::filesystem::path behind_links(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path target = std::filesystem::canonical(path, error);
  return error || !std::filesystem::is_symlink(path, error) ? path : target;
}

bool is_device_or_pipe(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_other(path, ignored);
}

}  // namespace

AtomicFile::AtomicFile(const std::filesystem::path& path) : path_(behind_links(path)) {
  const bool in_place = is_device_or_pipe(path_);
  temporary_ = path_.string() + (in_place ? "" : ".tmp");
  const int create = in_place ? 0 : O_CREAT | O_TRUNC;
  descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CLOEXEC | create, 0644);
  if (descriptor_ < 0) fail(temporary_, "can't create", kCheckDisk);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  if (temporary_ != path_) unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(temporary_, "can't write", kCheckDisk);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

void AtomicFile::commit() {
  if (temporary_ == path_) {
    close(std::exchange(descriptor_, -1));
    return;
  }
  if (fsync(descriptor_) != 0) fail(temporary_, "can't sync", kCheckDisk);
  if (rename(temporary_.c_str(), path_.c_str()) != 0) fail(path_, "can't rename into place", kCheckDisk);
  close(std::exchange(descriptor_, -1));
  sync_folder(path_.parent_path());
}

void sync_folder(const std::filesystem::path& folder) {
  const Descriptor fd(folder.empty() ? "." : folder);
  fsync(fd);
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const Descriptor fd(path);
  const size_t size = regular_file_size(fd, path);
  if (size == 0) return;
  void* address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (address == MAP_FAILED) fail(path, "can't map", kCheckPath);
  bytes_ = {static_cast<const std::byte*>(address), size};
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::forget(std::span<const std::byte> part) const {
  if (part.empty()) return;
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto first = reinterpret_cast<uintptr_t>(part.data()), begin = first / page * page;
  // A page of its neighbours is read again too. Where the system refuses, the memory is only kept.
  madvise(reinterpret_cast<void*>(begin), first + part.size() - begin, MADV_DONTNEED);
}

}  // namespace deepscaler
