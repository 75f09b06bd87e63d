// The day that a chat template is told by strftime_now(): a setting, because a prompt must not change with
// the clock during a run.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace deepscaler {

using Day = std::chrono::year_month_day;

[[nodiscard]] Day today();  // by the local clock
// "2026-01-31". Throws Error naming `where`.
[[nodiscard]] Day day_from_text(std::string_view text, const std::string& where);
[[nodiscard]] std::string day_text(Day day);

}  // namespace deepscaler
