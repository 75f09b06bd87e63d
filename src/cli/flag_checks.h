// What values of the command line's options may be. What is wrong is said in a few words, with the remedy:
// the library's own checks print the largest of all numbers as the upper end.
#pragma once

#include <cstdint>

namespace CLI {
class Validator;
}

namespace deepscaler {

[[nodiscard]] CLI::Validator positive();
[[nodiscard]] CLI::Validator not_negative();
// A whole number of 64 bits; the library would take the nearest or the remainder of another.
[[nodiscard]] CLI::Validator whole_number(int64_t low, int64_t high);  // low <= value <= high, not nan
[[nodiscard]] CLI::Validator between(double low, double high);
[[nodiscard]] CLI::Validator is_seed();
[[nodiscard]] CLI::Validator is_text();  // UTF-8

}  // namespace deepscaler
