#include "verify/grade.h"

#include <optional>

#include "verify/extract.h"
#include "verify/rational.h"

namespace deepscaler {
namespace {

struct Number {
  Rational value;
  bool decimal = false;
};

constexpr size_t kMaxNumberLength = 4096;

// Without what does not change a plain number: spaces, $ signs, \left and its kin, thousands separators.
std::string bare(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    bool skipped = false;
    for (const std::string_view noise :
         {"\\!", "\\,", "\\;", "\\$", "\\left", "\\right", "{,}", "$", " ", "\n", "\t", "\r", ",\\!"}) {
      if (!rest.starts_with(noise)) continue;
      i += noise.size() - 1;
      skipped = true;
      break;
    }
    if (!skipped) result += text[i];
  }
  while (!result.empty() && result.back() == '.') result.pop_back();
  return result;
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

std::optional<Number> read_unsigned(std::string_view text) {
  std::string digits(text);
  if (const size_t comma = digits.find(','); comma != digits.npos && comma >= 1 && comma <= 3) {
    std::string joined = digits.substr(0, comma);
    for (size_t i = comma; i < digits.size() && digits[i] == ','; i += 4) joined += digits.substr(i + 1, 3);
    if (joined.size() + (digits.size() - comma) / 4 == digits.size() && (digits.size() - comma) % 4 == 0) {
      digits = joined;
    }
  }
  Number number;
  std::string scale = "1";
  if (const size_t dot = digits.find('.'); dot != digits.npos) {
    number.decimal = true;
    scale += std::string(digits.size() - dot - 1, '0');
    digits.erase(dot, 1);
  }
  if (!all_digits(digits)) return std::nullopt;
  fmpq_set_str(number.value.get(), (digits + "/" + scale).c_str(), 10);
  fmpq_canonicalise(number.value.get());
  return number;
}

std::optional<Number> read_quotient(std::string_view over, std::string_view under) {
  auto numerator = read_unsigned(over), denominator = read_unsigned(under);
  if (!numerator || !denominator || denominator->value.is_zero()) return std::nullopt;
  fmpq_div(numerator->value.get(), numerator->value.get(), denominator->value.get());
  numerator->decimal = false;
  return numerator;
}

std::optional<Number> read_number(std::string_view text) {
  if (text.size() > kMaxNumberLength) return std::nullopt;
  std::string plain = bare(text);
  bool negative = false;
  if (!plain.empty() && (plain[0] == '-' || plain[0] == '+')) {
    negative = plain[0] == '-';
    plain.erase(0, 1);
  }
  std::optional<Number> number;
  if (plain.starts_with("\\frac") || plain.starts_with("\\dfrac") || plain.starts_with("\\tfrac")) {
    std::string_view rest(plain);
    rest.remove_prefix(rest.find("frac") + 4);
    const size_t middle = rest.find("}{");
    if (rest.starts_with('{') && rest.ends_with('}') && middle != rest.npos) {
      number = read_quotient(rest.substr(1, middle - 1), rest.substr(middle + 2, rest.size() - middle - 3));
    } else if (rest.size() == 2) {
      number = read_quotient(rest.substr(0, 1), rest.substr(1));
    }
  } else if (const size_t slash = plain.find('/'); slash != plain.npos) {
    number = read_quotient(plain.substr(0, slash), plain.substr(slash + 1));
  } else {
    number = read_unsigned(plain);
  }
  if (number && negative) fmpq_neg(number->value.get(), number->value.get());
  return number;
}

bool within_rounding(const Rational& a, const Rational& b, int places) {
  if (a.is_zero() || b.is_zero()) return false;
  Rational difference, bound(1);
  fmpq_sub(difference.get(), a.get(), b.get());
  fmpq_abs(difference.get(), difference.get());
  fmpz_set_ui(bound.denominator(), 10);
  fmpz_pow_ui(bound.denominator(), bound.denominator(), places);
  fmpz_mul_ui(bound.denominator(), bound.denominator(), 2);
  for (Rational magnitude = b; magnitude.bits() < 4096; fmpq_mul_si(magnitude.get(), magnitude.get(), 10)) {
    Rational tenth;
    fmpq_set_si(tenth.get(), 1, 10);
    fmpq_abs(magnitude.get(), magnitude.get());
    if (!(magnitude < tenth)) break;
    fmpq_div_fmpz(bound.get(), bound.get(), Rational(10).numerator());
  }
  return !(bound < difference);
}

Reason compare(std::string_view reference, std::string_view answer, const Policy& policy) {
  if (bare(reference) == bare(answer)) return Reason::same_text;
  const auto expected = read_number(reference), given = read_number(answer);
  if (!expected) return Reason::unparsable_reference;
  if (!given) return Reason::unparsable_answer;
  if (expected->value == given->value) return Reason::equal;
  if ((expected->decimal || given->decimal) &&
      within_rounding(expected->value, given->value, policy.decimal_places)) {
    return Reason::within_rounding;
  }
  return Reason::different;
}

Verdict verdict_of(Reason reason, std::string extracted) {
  Verdict verdict{.extracted = std::move(extracted), .reason = reason};
  verdict.correct = reason <= Reason::numeric_agreement;
  verdict.undecided = reason >= Reason::unparsable_reference;
  verdict.score = verdict.correct ? 1.0 : 0.0;
  return verdict;
}

Reason reason_of(Extraction::Found found) {
  switch (found) {
    case Extraction::Found::empty:
      return Reason::empty_answer;
    case Extraction::Found::truncated:
      return Reason::truncated;
    default:
      return Reason::no_answer;
  }
}

}  // namespace

std::string_view reason_name(Reason reason) {
  constexpr std::string_view kNames[] = {
      "same_text",    "equal",     "within_rounding",   "numeric_agreement",    "different", "no_answer",
      "empty_answer", "truncated", "unparsable_answer", "unparsable_reference", "work_limit"};
  return kNames[static_cast<size_t>(reason)];
}

Verdict grade(std::span<const std::string> references, std::string_view response,
              const GradeOptions& options) {
  const AfterThinking after = after_thinking(response, options.prompt_opened_thinking);
  if (!after.finished) return verdict_of(Reason::truncated, {});
  const Extraction found =
      options.extract == ExtractMode::boxed ? extract_boxed(after.text) : extract_any(after.text);
  if (found.found != Extraction::Found::answer) return verdict_of(reason_of(found.found), {});
  Reason worst = Reason::unparsable_reference;
  bool readable = false;
  for (const std::string& reference : references) {
    const Reason reason = compare(extract_reference(reference), found.text, options.policy);
    if (reason <= Reason::numeric_agreement) return verdict_of(reason, found.text);
    if (reason < Reason::unparsable_reference && !readable) {
      readable = true;
      worst = reason;
    }
  }
  return verdict_of(worst, found.text);
}

bool is_readable_reference(std::string_view reference) { return !bare(extract_reference(reference)).empty(); }

}  // namespace deepscaler
