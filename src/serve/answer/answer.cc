#include "serve/answer/answer.h"

namespace deepscaler {

int64_t Answer::prompt_tokens() const {
  int64_t sum = 0;
  for (const AnsweredPrompt& prompt : prompts) sum += std::ssize(prompt.tokens);
  return sum;
}

int64_t Answer::reused_tokens() const {
  int64_t sum = 0;
  for (const AnsweredPrompt& prompt : prompts) sum += prompt.reused;
  return sum;
}

int64_t Answer::response_tokens() const {
  int64_t sum = 0;
  for (const AnswerChoice& choice : choices) sum += std::ssize(choice.tokens);
  return sum;
}

int64_t Answer::reasoning_tokens() const {
  int64_t sum = 0;
  for (const AnswerChoice& choice : choices) sum += choice.text.reasoning_tokens();
  return sum;
}

}  // namespace deepscaler
