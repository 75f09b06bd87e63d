// The compressions of Parquet's pages: none, Snappy, gzip, Brotli, Zstandard and LZ4_RAW.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace deepscaler {

// The `size` bytes that were packed by the codec of that number in parquet.thrift. Throws Error naming
// `where` for a codec that can't be read, and for bytes that are not so many. Never takes more memory than
// `size` and a constant.
[[nodiscard]] std::string unpacked_page(int64_t codec, std::string_view packed, size_t size,
                                        const std::string& where);

}  // namespace deepscaler
