#include "track/append_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace deepscaler {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* what) {
  throw Error(path.string(), fmt::format("{}: {}", what, std::strerror(errno)),
              "check that the folder exists, is writable and has space left");
}

}  // namespace

AppendFile::AppendFile(const std::filesystem::path& path)
    : path_(path), descriptor_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0) fail(path, "can't open for appending");
}

AppendFile::~AppendFile() { close(descriptor_); }

void AppendFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path_, "can't write");
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

void AppendFile::sync() {
  if (fsync(descriptor_) != 0) fail(path_, "can't sync");
}

void cut_file(const std::filesystem::path& path, uint64_t size_bytes) {
  if (truncate(path.c_str(), static_cast<off_t>(size_bytes)) != 0) fail(path, "can't shorten");
}

}  // namespace deepscaler
