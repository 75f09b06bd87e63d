// MinHash (Broder, "On the resemblance and containment of documents", 1997): the share of equal entries in
// two signatures estimates the Jaccard similarity of two sets. Locality-sensitive hashing finds the pairs
// worth comparing: a signature is cut into bands, and similar sets agree in a whole band (Leskovec et al.,
// "Mining of Massive Datasets", 3.4).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "corpus/match/normal_form.h"

namespace deepscaler {

// 14 bands of 8 hashes, as datatrove has them: of two sets with a Jaccard similarity of 0.8, 92 % agree in
// one.
inline constexpr size_t kMinhashBands = 14, kHashesOfBand = 8;
inline constexpr size_t kShingleWords = 5;

using Signature = std::array<uint64_t, kMinhashBands * kHashesOfBand>;

// The set of runs of kShingleWords words, sorted; of a shorter text the one run that it is.
[[nodiscard]] std::vector<std::string> shingles(const Words& words);

// |a and b| / |a or b| of sorted sets; 0 where both are empty.
[[nodiscard]] double jaccard(const std::vector<std::string>& a, const std::vector<std::string>& b);

// Of each of the functions (a x + b) mod (2^61 - 1) the least value over the shingles; x is the first 8 bytes
// of a shingle's SHA-1, a and b are numpy's RandomState(1).randint. Thread-safe.
[[nodiscard]] Signature minhash(const std::vector<std::string>& shingles);

// A number for each band, equal for equal bands.
[[nodiscard]] std::array<uint64_t, kMinhashBands> band_hashes(const Signature& signature);

}  // namespace deepscaler
