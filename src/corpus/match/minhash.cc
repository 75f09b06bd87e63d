#include "corpus/match/minhash.h"

#include <openssl/evp.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string_view>

#include "base/rng.h"
#include "corpus/match/ngrams.h"

namespace deepscaler {
namespace {

constexpr uint64_t kPrime = (uint64_t{1} << 61) - 1;

struct HashFunctions {
  Signature a, b;
};

// numpy draws 61 bits of a Mersenne twister until they are in range.
HashFunctions make_functions() {
  std::mt19937 twister(1);
  const auto draw = [&](uint64_t low) {
    while (true) {
      const uint64_t high_half = uint64_t{twister()} << 32;
      const uint64_t value = (high_half | twister()) & kPrime;
      if (value + low < kPrime) return value + low;
    }
  };
  HashFunctions functions;
  for (uint64_t& a : functions.a) a = draw(1);
  for (uint64_t& b : functions.b) b = draw(0);
  return functions;
}

uint64_t first_bytes_of_sha1(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha1(), nullptr);
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | digest[i];
  return value;
}

}  // namespace

std::vector<std::string> shingles(const Words& words) {
  if (words.empty()) return {};
  std::vector<std::string> runs = ngrams(words, std::min(kShingleWords, words.size()));
  std::ranges::sort(runs);
  runs.erase(std::ranges::unique(runs).begin(), runs.end());
  return runs;
}

double jaccard(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<std::string_view> both;
  std::ranges::set_intersection(a, b, std::back_inserter(both));
  const size_t either = a.size() + b.size() - both.size();
  return either == 0 ? 0 : static_cast<double>(both.size()) / static_cast<double>(either);
}

Signature minhash(const std::vector<std::string>& shingles) {
  static const HashFunctions functions = make_functions();
  Signature least;
  least.fill(std::numeric_limits<uint64_t>::max());
  for (const std::string& shingle : shingles) {
    const uint64_t x = first_bytes_of_sha1(shingle);
    for (size_t i = 0; i < least.size(); ++i) {
      __extension__ using Wide = unsigned __int128;
      const Wide value = (static_cast<Wide>(functions.a[i]) * x + functions.b[i]) % kPrime;
      least[i] = std::min(least[i], static_cast<uint64_t>(value));
    }
  }
  return least;
}

std::array<uint64_t, kMinhashBands> band_hashes(const Signature& signature) {
  std::array<uint64_t, kMinhashBands> hashes;
  for (size_t band = 0; band < kMinhashBands; ++band) {
    const auto* begin = reinterpret_cast<const char*>(&signature[band * kHashesOfBand]);
    hashes[band] = hash_name({begin, kHashesOfBand * sizeof(uint64_t)});
  }
  return hashes;
}

}  // namespace deepscaler
