// Days of the year and of the week in one spelling each.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace deepscaler {

// Lower-case words joined by spaces, with a date among them as "month day [year]": "14th mar" is
// "march 14"; a day of the week in full. Other words as they are.
[[nodiscard]] std::string canonical_date(std::span<const std::string> words);

// Whether such a text is a day without its year: "march 14".
[[nodiscard]] bool names_a_day(std::string_view text);

}  // namespace deepscaler
