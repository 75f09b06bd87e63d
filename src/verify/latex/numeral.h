// Numerals at the front of a text: 12, .5, 4.5e33, 1,234{,}567, and 2B_{16} with letters for digits.
#pragma once

#include <string>
#include <string_view>

namespace deepscaler {

struct Numeral {
  std::string digits;  // without what separates groups of them
  size_t length = 0;   // in bytes, of what is read; 0 where none stands there
};

struct NumeralContext {
  bool commas_may_group = true;  // not inside brackets or a list, where they separate
  bool exponent_may_follow = true;
};

// `text` begins with a digit, or a point and a digit.
[[nodiscard]] Numeral read_numeral(std::string_view text, NumeralContext context);

// Digits and capitals with a base of 11 ... 36 behind them, which is not read; the letters may stand in
// \text{}. In running text its closing brace may stand before the base.
[[nodiscard]] Numeral read_lettered_numeral(std::string_view text, bool in_text);

}  // namespace deepscaler
