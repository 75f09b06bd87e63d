// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011).
//
// A number is a pure function of (seed, stream, counter), where a stream is named by whatever
// identifies the consumer, e.g. {step, problem id, sample}. So a draw never depends on batch order,
// threads or what was drawn before, and a resumed run draws what the unbroken one would have.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace deepscaler {

class Rng {
 public:
  Rng(uint64_t seed, std::initializer_list<uint64_t> stream);

  // Draws at one counter share their random bits: use a counter once.

  // 64 random bits, or a float uniform in [0, 1) with 24 random bits, at a position of the stream.
  [[nodiscard]] uint64_t bits(uint64_t counter) const;
  [[nodiscard]] float uniform(uint64_t counter) const;
  // Uniform integer in [0, bound), without modulo bias beyond 2^-64 * bound; bound > 0.
  [[nodiscard]] uint64_t below(uint64_t bound, uint64_t counter) const;
  // Standard normal (Box-Muller on one counter).
  [[nodiscard]] float normal(uint64_t counter) const;

 private:
  uint64_t key_;
  uint64_t stream_;
};

// The Philox4x32-10 block function itself, for tests against its published vectors.
[[nodiscard]] std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter,
                                                 std::array<uint32_t, 2> key);

// FNV-1a, 64 bits: a stable number for a name (a problem id) as part of a stream.
[[nodiscard]] uint64_t hash_name(std::string_view name);

}  // namespace deepscaler
