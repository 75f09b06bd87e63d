// Finding the final answer in a text.
//
// Rewards read boxes only (verify/boxes.h), because whatever else a model prints must not be able to score.
// Reading other people's outputs follows the priorities that Math-Verify made customary:
// "the final answer is X. I hope it is correct", "the final answer is", a box, "answer:", "answer
// is", the last formula, the last number.
#pragma once

#include <string>
#include <string_view>

#include "verify/boxes.h"

namespace deepscaler {

// What comes after the thinking. Nothing, when thinking was opened and never closed.
struct AfterThinking {
  bool finished = true;
  std::string_view text;  // a view of the response
};
[[nodiscard]] AfterThinking after_thinking(std::string_view response, bool prompt_opened_thinking);

// All linear in the text, thread-safe, and at home with any bytes.
[[nodiscard]] Extraction extract_any(std::string_view text);

// LaTeX whose backslashes were all doubled on its way through JSON or a raw string, with single ones; other
// text as it is.
[[nodiscard]] std::string single_escaped(std::string_view text);

// The answer in a reference: after GSM8K's "####", in a box, in the one formula of a sentence, or all of it.
[[nodiscard]] std::string extract_reference(std::string_view reference);

}  // namespace deepscaler
