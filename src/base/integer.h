// Integer division and multiples, for counts of zero and more.
#pragma once

#include <concepts>
#include <type_traits>

namespace deepscaler {

// The quotient, rounded up: how many parts of `size` hold `count`.
template <std::integral T>
[[nodiscard]] constexpr T ceil_div(T count, std::type_identity_t<T> size) {
  return (count + size - 1) / size;
}

// The next multiple of `unit`, or the count itself where it is one.
template <std::integral T>
[[nodiscard]] constexpr T round_up(T count, std::type_identity_t<T> unit) {
  return ceil_div(count, unit) * unit;
}

}  // namespace deepscaler
