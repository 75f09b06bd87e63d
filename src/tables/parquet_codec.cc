#include "tables/parquet_codec.h"

#include <brotli/decode.h>
#include <lz4.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include "base/error.h"
#include "tables/parquet_format.h"

namespace deepscaler {
namespace {

bool gunzip(std::string_view packed, std::string& page) {
  z_stream stream = {};
  constexpr int kGzipOrZlib = 32;
  if (inflateInit2(&stream, kGzipOrZlib + MAX_WBITS) != Z_OK) return false;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(page.data());
  stream.avail_out = static_cast<uInt>(page.size());
  const int status = inflate(&stream, Z_FINISH);
  const bool whole = status == Z_STREAM_END && stream.avail_out == 0;
  inflateEnd(&stream);
  return whole;
}

bool unsnappy(std::string_view packed, std::string& page) {
  size_t size = 0;
  return snappy::GetUncompressedLength(packed.data(), packed.size(), &size) && size == page.size() &&
         snappy::RawUncompress(packed.data(), packed.size(), page.data());
}

bool unbrotli(std::string_view packed, std::string& page) {
  size_t size = page.size();
  return BrotliDecoderDecompress(packed.size(), reinterpret_cast<const uint8_t*>(packed.data()), &size,
                                 reinterpret_cast<uint8_t*>(page.data())) == BROTLI_DECODER_RESULT_SUCCESS &&
         size == page.size();
}

bool unzstd(std::string_view packed, std::string& page) {
  return ZSTD_decompress(page.data(), page.size(), packed.data(), packed.size()) == page.size();
}

bool unlz4(std::string_view packed, std::string& page) {
  const int size = LZ4_decompress_safe(packed.data(), page.data(), static_cast<int>(packed.size()),
                                       static_cast<int>(page.size()));
  return size >= 0 && static_cast<size_t>(size) == page.size();
}

}  // namespace

std::string unpacked_page(int64_t codec, std::string_view packed, size_t size, const std::string& where) {
  using namespace parquet_format;
  if (codec == kNone) {
    if (packed.size() == size) return std::string(packed);
    throw Error(where, "has a page of another size than it says", "get the file again");
  }
  if (codec == kLzo || codec == kLz4 || codec < 0 || codec > kLz4Raw) {
    throw Error(where, fmt::format("is compressed by codec {}, which can't be read", codec),
                "write it with Snappy or Zstandard");
  }
  std::string page(size, '\0');
  const bool done = (size == 0 && packed.empty()) || (codec == kSnappy   ? unsnappy(packed, page)
                                                      : codec == kGzip   ? gunzip(packed, page)
                                                      : codec == kBrotli ? unbrotli(packed, page)
                                                      : codec == kZstd   ? unzstd(packed, page)
                                                                         : unlz4(packed, page));
  if (!done) throw Error(where, "has a page that can't be decompressed", "get the file again");
  return page;
}

}  // namespace deepscaler
