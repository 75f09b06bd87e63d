// The functions that an answer may use, by their LaTeX or plain name.
#pragma once

#include <cstdint>
#include <string_view>

namespace deepscaler {

enum class Function : uint8_t {
  unknown,  // f, g, ...: a name and nothing more
  sin,
  cos,
  tan,
  sec,
  csc,
  cot,
  cis,  // cos x + i sin x
  arcsin,
  arccos,
  arctan,
  arcsec,
  arccsc,
  arccot,
  sinh,
  cosh,
  tanh,
  coth,
  sech,
  csch,
  arsinh,
  arcosh,
  artanh,
  exp,
  ln,
  log,  // log: args are the number and, if given, the base (10 otherwise)
  abs,
  floor,
  ceil,
  sgn,
  factorial,
  double_factorial,
  binom,
  permutations,
  gcd,
  lcm,
  max,
  min,
  mod,
  real_part,
  imaginary_part,
  conjugate,
  argument,
};

[[nodiscard]] Function function_of(std::string_view name);
// One of a function's names; none of an unknown function.
[[nodiscard]] std::string_view name_of(Function function);

// Whether the angle in degrees is meant when its argument has a degree sign.
[[nodiscard]] bool is_trigonometric(Function function);

}  // namespace deepscaler
