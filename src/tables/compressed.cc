#include "tables/compressed.h"

#include <zlib.h>
#include <zstd.h>

#include <limits>
#include <memory>

#include "base/error.h"
#include "base/file.h"

namespace deepscaler {
namespace {

constexpr size_t kMostBytes = size_t{16} << 30;
constexpr size_t kPieceBytes = size_t{1} << 18;

[[noreturn]] void refuse(const std::filesystem::path& path, const char* form) {
  throw Error(path.string(), fmt::format("is cut short, or no {} data", form), "get the file again");
}

void append(std::string& text, const char* piece, size_t bytes, const std::filesystem::path& path) {
  if (bytes > kMostBytes - text.size()) {
    throw Error(path.string(), fmt::format("holds more than {} GiB of text", kMostBytes >> 30),
                "cut it into files");
  }
  text.append(piece, bytes);
}

// One or more members, one after the other.
std::string gunzip(const std::string& packed, const std::filesystem::path& path) {
  z_stream stream = {};
  constexpr int kGzipOnly = 16;
  if (inflateInit2(&stream, kGzipOnly + MAX_WBITS) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  std::string text;
  std::string piece(kPieceBytes, '\0');
  size_t taken = 0;
  int status = Z_OK;
  while (taken < packed.size() || status != Z_STREAM_END) {
    if (status == Z_STREAM_END) inflateReset(&stream);
    const size_t offered = std::min<size_t>(packed.size() - taken, std::numeric_limits<uInt>::max());
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + taken));
    stream.avail_in = static_cast<uInt>(offered);
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    status = inflate(&stream, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END) refuse(path, "gzip");
    taken += offered - stream.avail_in;
    append(text, piece.data(), piece.size() - stream.avail_out, path);
  }
  return text;
}

// One or more frames, one after the other.
std::string unzstd(const std::string& packed, const std::filesystem::path& path) {
  const std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(),
                                                                        ZSTD_freeDStream);
  if (stream == nullptr) throw std::bad_alloc();
  std::string text;
  std::string piece(kPieceBytes, '\0');
  ZSTD_inBuffer in = {packed.data(), packed.size(), 0};
  size_t left = 1;  // 0 at the end of a frame
  while (in.pos < in.size || left != 0) {
    ZSTD_outBuffer out = {piece.data(), piece.size(), 0};
    const size_t before = in.pos;
    left = ZSTD_decompressStream(stream.get(), &out, &in);
    const bool stuck = in.pos == before && out.pos == 0;
    if (ZSTD_isError(left) != 0 || (stuck && left != 0)) refuse(path, "zstd");
    append(text, piece.data(), out.pos, path);
  }
  return text;
}

}  // namespace

std::filesystem::path uncompressed_name(const std::filesystem::path& path) {
  const std::filesystem::path extension = path.extension();
  return extension == ".gz" || extension == ".zst" ? path.parent_path() / path.stem() : path;
}

std::string read_text(const std::filesystem::path& path) {
  std::string bytes = read_file(path);
  if (path.extension() == ".gz") return gunzip(bytes, path);
  if (path.extension() == ".zst") return unzstd(bytes, path);
  return bytes;
}

}  // namespace deepscaler
