#include "rl/reward/reward_format.h"

#include <optional>

#include "base/trim.h"
#include "verify/extract.h"

namespace deepscaler {
namespace {

constexpr std::string_view kOpen = "<think>", kClose = "</think>";
constexpr std::string_view kAnswerOpen = "<answer>", kAnswerClose = "</answer>";

int occurrences(std::string_view text, std::string_view mark) {
  int count = 0;
  for (size_t at = 0; (at = text.find(mark, at)) != std::string_view::npos; at += mark.size()) ++count;
  return count;
}

// What follows the thinking, or nothing where it does not begin at once, or is not opened and closed once.
std::optional<std::string_view> after_one_thinking(std::string_view response, bool prompt_opened_thinking) {
  if (occurrences(response, kClose) != 1) return std::nullopt;
  if (occurrences(response, kOpen) != (prompt_opened_thinking ? 0 : 1)) return std::nullopt;
  if (!prompt_opened_thinking && !trim(response).starts_with(kOpen)) return std::nullopt;
  return response.substr(response.find(kClose) + kClose.size());
}

bool is_one_answer(std::string_view text) {
  const std::string_view answer = trim(text);
  if (occurrences(answer, kAnswerOpen) != 1 || occurrences(answer, kAnswerClose) != 1) return false;
  if (!answer.starts_with(kAnswerOpen) || !answer.ends_with(kAnswerClose)) return false;
  const size_t inner = answer.size() - kAnswerOpen.size() - kAnswerClose.size();
  return !trim(answer.substr(kAnswerOpen.size(), inner)).empty();
}

}  // namespace

double format_reward(ResponseForm form, std::string_view response, bool prompt_opened_thinking) {
  const auto rest = after_one_thinking(response, prompt_opened_thinking);
  if (!rest) return 0;
  if (form == ResponseForm::kThinkAnswer) return is_one_answer(*rest) ? 1 : 0;
  return extract_boxed(*rest).found == Extraction::Found::answer ? 1 : 0;
}

}  // namespace deepscaler
