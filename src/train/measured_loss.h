// What a loss measures beside its derivatives, to be reported: sums over tokens, and the like. Parts of a
// batch that were computed apart, on other ranks or in another order, are added part by part in the batch's
// order, so that the sums have the same bits however the parts were dealt out.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/error.h"

namespace deepscaler {

class MeasuredLoss {
 public:
  virtual ~MeasuredLoss() = default;

  // What was measured since the beginning or the last call, as bytes; nothing is left then.
  [[nodiscard]] virtual std::string take_measures() { return {}; }
  // Adds what take_measures() of a loss of the same kind has given.
  virtual void add_measures(std::string_view /*bytes*/) {}
};

// The two functions for a loss that measures into one plain struct, which has add(const Sums&).
template <class Sums>
[[nodiscard]] std::string take_sums(Sums& sums) {
  static_assert(std::is_trivially_copyable_v<Sums>);
  std::string bytes(sizeof(Sums), '\0');
  std::memcpy(bytes.data(), &sums, sizeof(Sums));
  sums = {};
  return bytes;
}
template <class Sums>
void add_sums(Sums& sums, std::string_view bytes) {
  Sums part;
  DEEPSCALER_CHECK(bytes.size() == sizeof(Sums));
  std::memcpy(&part, bytes.data(), sizeof(Sums));
  sums.add(part);
}

}  // namespace deepscaler
