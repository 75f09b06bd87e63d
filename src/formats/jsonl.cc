#include "formats/jsonl.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "formats/json_text.h"

namespace deepscaler {
namespace {

constexpr size_t kMaxLineBytes = size_t{64} << 20;

// The length of the file up to and including its last line break.
off_t end_of_last_whole_line(int descriptor) {
  char buffer[4096];
  off_t end = lseek(descriptor, 0, SEEK_END);
  while (end > 0) {
    const off_t begin = end > static_cast<off_t>(sizeof buffer) ? end - static_cast<off_t>(sizeof buffer) : 0;
    const ssize_t count = pread(descriptor, buffer, static_cast<size_t>(end - begin), begin);
    if (count <= 0) return 0;
    for (ssize_t i = count; i > 0; --i) {
      if (buffer[i - 1] == '\n') return begin + i;
    }
    end = begin;
  }
  return 0;
}

// Strings that are not UTF-8 get U+FFFD, as everywhere.
template <typename Json>
std::string line_of(const Json& value) {
  constexpr int kOneLine = -1;
  constexpr bool kAsciiOnly = false;
  return value.dump(kOneLine, ' ', kAsciiOnly, Json::error_handler_t::replace);
}

}  // namespace

JsonlReader::JsonlReader(const std::filesystem::path& path, End end)
    : stream_(std::make_unique<std::ifstream>(path, std::ios::binary)), name_(path.string()), end_(end) {
  const int error = errno;
  if (std::error_code ignored; std::filesystem::is_directory(path, ignored)) {
    throw Error(name_, "is a folder, not a file", "check the path");
  }
  if (!*stream_) {
    throw Error(name_, fmt::format("can't open: {}", std::strerror(error)),
                "check the path and its permissions");
  }
}

JsonlReader::JsonlReader(std::unique_ptr<std::istream> stream, std::string name)
    : stream_(std::move(stream)), name_(std::move(name)) {}

JsonlReader::~JsonlReader() = default;

bool JsonlReader::next_line() {
  line_.clear();
  ++line_number_;
  char piece[1 << 14];
  // getline() fills the piece and sets failbit where the line goes on, eofbit where the file ends.
  while (true) {
    stream_->getline(piece, sizeof piece);
    const auto taken = static_cast<size_t>(stream_->gcount());
    const bool goes_on = stream_->fail() && !stream_->eof() && !stream_->bad() && taken == sizeof piece - 1;
    const bool has_break = !stream_->fail() && !stream_->eof();
    line_.append(piece, has_break ? taken - 1 : taken);
    if (line_.size() > kMaxLineBytes) {
      throw Error(where(), fmt::format("line longer than {} MiB", kMaxLineBytes >> 20), "break it up");
    }
    if (stream_->bad()) throw Error(where(), "can't read", "check the disk");
    if (!goes_on) return has_break || (!line_.empty() && end_ == End::kAnyLine);
    stream_->clear();
  }
}

bool JsonlReader::next_text() {
  while (next_line()) {
    if (line_.find_first_not_of(" \t\r") != std::string::npos) return true;
  }
  return false;
}

bool JsonlReader::next(nlohmann::json& value) {
  if (!next_text()) return false;
  value = parse_json(line_, where());
  return true;
}

bool JsonlReader::next(nlohmann::ordered_json& value) {
  if (!next_text()) return false;
  value = parse_record(line_, where());
  return true;
}

std::string JsonlReader::where() const { return fmt::format("{}:{}", name_, line_number_); }

namespace {

[[noreturn]] void refuse_to_write(const std::filesystem::path& path, int error) {
  throw Error(path.string(), fmt::format("can't open for writing: {}", std::strerror(error)),
              "check that the folder exists and is writable");
}

}  // namespace

void JsonlWriter::check_path(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) refuse_to_write(path, EISDIR);
  const bool exists = std::filesystem::exists(path, ignored);
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (access(exists ? path.c_str() : folder.c_str(), W_OK) != 0) refuse_to_write(path, errno);
}

std::string JsonlWriter::unfinished_line(const std::filesystem::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return "";
  const off_t begin = end_of_last_whole_line(descriptor), end = lseek(descriptor, 0, SEEK_END);
  std::string line(static_cast<size_t>(std::max<off_t>(0, end - begin)), '\0');
  const ssize_t count = pread(descriptor, line.data(), line.size(), begin);
  close(descriptor);
  line.resize(static_cast<size_t>(std::max<ssize_t>(0, count)));
  return line;
}

JsonlWriter::JsonlWriter(const std::filesystem::path& path, Start start)
    : name_(path.string()), descriptor_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0) refuse_to_write(path, errno);
  const off_t length = start == Start::kAppend ? end_of_last_whole_line(descriptor_) : 0;
  // What can't be truncated (a pipe, /dev/null) has nothing to keep either.
  if (ftruncate(descriptor_, length) == 0) lseek(descriptor_, length, SEEK_SET);
}

JsonlWriter::~JsonlWriter() { close(descriptor_); }

void JsonlWriter::write(const nlohmann::json& value) { write_line(line_of(value)); }
void JsonlWriter::write(const nlohmann::ordered_json& value) { write_line(line_of(value)); }

void JsonlWriter::write_line(std::string line) {
  line += '\n';
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t count = ::write(descriptor_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      throw Error(name_, fmt::format("can't write: {}", std::strerror(errno)),
                  "check that there is space left");
    }
    rest.remove_prefix(static_cast<size_t>(count));
  }
}

}  // namespace deepscaler
