// Damage for the tests of parsers: a fixed sequence of broken versions of a good input.
#pragma once

#include <string>
#include <string_view>

#include "base/rng.h"

namespace deepscaler {

// Variant `index` of `good`, with one to four of these damages: cut short, a bit flipped, a byte replaced, up
// to 16 bytes set to all ones or zeros, a piece repeated, a piece removed. A pure function.
[[nodiscard]] inline std::string mutated(std::string_view good, uint64_t index) {
  const Rng rng(1, {index});
  uint64_t draws = 0;
  const auto below = [&](uint64_t bound) { return rng.below(bound, draws++); };
  std::string bytes(good);
  for (uint64_t left = 1 + below(4); left > 0 && !bytes.empty(); --left) {
    const size_t at = below(bytes.size());
    const size_t length = 1 + below(std::min<size_t>(bytes.size() - at, 16));
    switch (below(6)) {
      case 0:
        bytes.resize(at);
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 2:
        bytes[at] = "{}[]\",:0-9eE\\\n \x00\xff"[below(18)];
        break;
      case 3:
        bytes.replace(at, length, std::string(length, below(2) ? '\xff' : '\0'));
        break;
      case 4:
        bytes.insert(at, std::string(bytes, at, length));
        break;
      default:
        bytes.erase(at, length);
    }
  }
  return bytes;
}

}  // namespace deepscaler
