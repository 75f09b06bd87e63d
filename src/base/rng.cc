#include "base/rng.h"

#include <cmath>
#include <numbers>

namespace deepscaler {
namespace {

// SplitMix64's finalizer (Steele et al., 2014): a bijection that spreads every input bit.
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

float to_unit_interval(uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }

std::array<uint32_t, 4> block(uint64_t key, uint64_t stream, uint64_t counter) {
  return philox4x32({static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32),
                     static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32)},
                    {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)});
}

}  // namespace

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xD2511F53} * counter[0];
    const uint64_t product1 = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(product0)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

Rng::Rng(uint64_t seed, std::initializer_list<uint64_t> stream) : key_(mix(seed)), stream_(0) {
  for (uint64_t part : stream) {
    stream_ = mix(stream_ ^ mix(part));
    key_ = mix(key_ + stream_);
  }
}

uint64_t Rng::bits(uint64_t counter) const {
  const auto words = block(key_, stream_, counter);
  return uint64_t{words[1]} << 32 | words[0];
}

float Rng::uniform(uint64_t counter) const { return to_unit_interval(block(key_, stream_, counter)[0]); }

uint64_t Rng::below(uint64_t bound, uint64_t counter) const {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(bits(counter)) * bound) >> 64);
}

float Rng::normal(uint64_t counter) const {
  const auto words = block(key_, stream_, counter);
  const double radius_uniform = (words[0] + 0.5) * 0x1p-32;
  const double angle_uniform = words[1] * 0x1p-32;
  return static_cast<float>(std::sqrt(-2.0 * std::log(radius_uniform)) *
                            std::cos(2.0 * std::numbers::pi * angle_uniform));
}

uint64_t hash_name(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char c : name) hash = (hash ^ c) * 0x100000001b3;
  return hash;
}

}  // namespace deepscaler
