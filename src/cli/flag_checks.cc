#include "cli/flag_checks.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "formats/excerpt.h"
#include "text/unicode/read_utf8.h"

namespace deepscaler {
namespace {

// All of the text as a number.
template <class Number>
std::optional<Number> number_in(const std::string& text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

// Whether the text is a finite number for which this holds.
template <class Holds>
bool is_number(const std::string& text, const Holds& holds) {
  const auto number = number_in<double>(text);
  return number && std::isfinite(*number) && holds(*number);
}

// For each value of an option: an empty text, or what is wrong with it.
template <class Holds>
CLI::Validator check(const Holds& holds, const std::string& remedy, const std::string& description) {
  const auto complaint = [holds, remedy](const std::string& text) {
    return holds(text) ? std::string() : fmt::format("is {}; give {}", excerpt(text), remedy);
  };
  return {complaint, description};
}

}  // namespace

CLI::Validator positive() {
  const auto holds = [](const std::string& text) {
    return is_number(text, [](double number) { return number > 0; });
  };
  return check(holds, "a number above 0", "POSITIVE");
}

CLI::Validator not_negative() {
  const auto holds = [](const std::string& text) {
    return is_number(text, [](double number) { return number >= 0; });
  };
  return check(holds, "0 or more", "NONNEGATIVE");
}

CLI::Validator whole_number(int64_t low, int64_t high) {
  const auto holds = [=](const std::string& text) {
    const auto number = number_in<int64_t>(text);
    return number && *number >= low && *number <= high;
  };
  return check(holds, fmt::format("a whole number from {} to {}", low, high), "");
}

CLI::Validator between(double low, double high) {
  const auto holds = [=](const std::string& text) {
    return is_number(text, [=](double number) { return number >= low && number <= high; });
  };
  return check(holds, fmt::format("a number from {} to {}", low, high), "");
}

CLI::Validator is_seed() {
  const auto holds = [](const std::string& text) { return number_in<uint64_t>(text).has_value(); };
  return check(holds, "a whole number from 0 to 18446744073709551615", "");
}

CLI::Validator is_text() {
  const auto complaint = [](const std::string& text) {
    const auto wrong = wrong_encoding(text);
    return wrong ? *wrong + "; give UTF-8" : std::string();
  };
  return {complaint, ""};
}

}  // namespace deepscaler
