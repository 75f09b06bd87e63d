// The format reward: 1 where a response has the form that was asked for, else 0.
#pragma once

#include <string_view>

namespace deepscaler {

enum class ResponseForm {
  // Thinking that is closed once by </think>, and opened once unless the prompt has opened it; then a \boxed
  // answer that is closed and not empty.
  kThinkBoxed,
  // DeepSeek-R1-Zero's: <think> ... </think> <answer> ... </answer> and nothing else, each mark once, white
  // space apart, and an answer that is not empty (DeepSeek-AI, 2025, section 2.2.3).
  kThinkAnswer,
};

// `prompt_opened_thinking`: the prompt ended with an opening <think>, so the response begins inside it.
[[nodiscard]] double format_reward(ResponseForm form, std::string_view response, bool prompt_opened_thinking);

}  // namespace deepscaler
