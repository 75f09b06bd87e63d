// A response's tokens as what clients read of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "generate/thinking_split.h"
#include "infer/streamed_text.h"

namespace deepscaler {

// Where the chain of thought of a response goes.
enum class Thoughts {
  kInContent,    // nowhere: a plain text has none
  kApart,        // they stand between <think> and </think>,
  kApartOpened,  // of which the prompt has written the first
};

// Of one response. Tokenizer and stop strings must outlive it.
class AnswerText {
 public:
  AnswerText(const Tokenizer& tokenizer, const StopStrings& stop, Thoughts thoughts)
      : text_(tokenizer, stop) {
    if (thoughts != Thoughts::kInContent) split_.emplace(thoughts == Thoughts::kApartOpened);
  }

  [[nodiscard]] AnswerPiece push(TokenId token) {
    if (!split_) return {.content = text_.push(token)};
    if (split_->is_thinking()) ++reasoning_tokens_;
    return split_->push(text_.push(token));
  }
  [[nodiscard]] AnswerPiece finish() {
    if (!split_) return {.content = text_.finish()};
    AnswerPiece piece = split_->push(text_.finish());
    const AnswerPiece last = split_->finish();
    piece.reasoning += last.reasoning;
    piece.content += last.content;
    return piece;
  }

  [[nodiscard]] int64_t reasoning_tokens() const { return reasoning_tokens_; }

 private:
  StreamedText text_;
  std::optional<ThinkingSplit> split_;
  int64_t reasoning_tokens_ = 0;
};

}  // namespace deepscaler
