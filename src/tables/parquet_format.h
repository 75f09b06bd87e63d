// Numbers of parquet.thrift that the reader and the writer share: fields of its structs, and its
// enumerations.
#pragma once

#include <cstdint>

namespace deepscaler::parquet_format {

enum Schema {
  kType = 1,
  kTypeLength = 2,
  kRepetition = 3,
  kName = 4,
  kChildren = 5,
  kConverted = 6,
  kLogical = 10
};
enum File { kVersion = 1, kSchema = 2, kFileRows = 3, kRowGroups = 4, kCreatedBy = 6 };
enum Group { kColumns = 1, kGroupBytes = 2, kRows = 3 };
enum Chunk { kChunkOffset = 2, kMeta = 3 };
enum Meta {
  kColumnType = 1,
  kEncodings = 2,
  kPath = 3,
  kCodec = 4,
  kValues = 5,
  kUnpacked = 6,
  kPacked = 7,
  kDataPage = 9,
  kDictionaryPage = 11
};
enum Page { kPageType = 1, kPageSize = 2, kPackedSize = 3, kData = 5, kDictionary = 7, kDataV2 = 8 };
enum Data {
  kCount = 1,
  kEncoding = 2,
  kDefinitionEncoding = 3,
  kRepetitionEncoding = 4,
  kEncodingV2 = 4,
  kDefinitionBytes = 5,
  kRepetitionBytes = 6,
  kIsPacked = 7
};

enum Repetition : uint8_t { kRequired, kOptional, kRepeated };
enum Annotation : uint8_t { kConvertedText = 0, kConvertedList = 3, kLogicalText = 1, kLogicalList = 3 };
enum ValueEncoding : uint8_t { kPlain = 0, kRuns = 3 };
enum PageKind : uint8_t { kDataPageKind = 0, kDictionaryPageKind = 2, kDataPageV2Kind = 3 };
enum Codec : uint8_t { kNone, kSnappy, kGzip, kLzo, kBrotli, kLz4, kZstd, kLz4Raw };

inline constexpr const char* kMagic = "PAR1";

}  // namespace deepscaler::parquet_format
