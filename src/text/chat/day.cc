#include "text/chat/day.h"

#include <charconv>
#include <ctime>
#include <optional>

#include "base/error.h"
#include "formats/excerpt.h"

namespace deepscaler {
namespace {

std::optional<int> number(std::string_view digits) {
  int value = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = fault == std::errc() && end == digits.data() + digits.size() && digits[0] != '-';
  return whole ? std::optional(value) : std::nullopt;
}

}  // namespace

Day today() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  return {std::chrono::year(local.tm_year + 1900),
          std::chrono::month(static_cast<unsigned>(local.tm_mon) + 1),
          std::chrono::day(static_cast<unsigned>(local.tm_mday))};
}

Day day_from_text(std::string_view text, const std::string& where) {
  if (text.size() == 10 && text[4] == '-' && text[7] == '-') {
    const auto year = number(text.substr(0, 4)), month = number(text.substr(5, 2)),
               day = number(text.substr(8));
    if (year && month && day) {
      const Day result = {std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                          std::chrono::day(static_cast<unsigned>(*day))};
      if (result.ok()) return result;
    }
  }
  throw Error(where, excerpt(text) + " is no day", "write it as 2026-01-31");
}

std::string day_text(Day day) {
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

}  // namespace deepscaler
