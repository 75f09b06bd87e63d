// A response's tokens as what clients read of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "generate/thinking_split.h"
#include "infer/streamed_text.h"
#include "serve/answer/tool_calls.h"

namespace deepscaler {

// Where the chain of thought of a response goes.
enum class Thoughts {
  kInContent,    // nowhere: a plain text has none
  kApart,        // they stand between <think> and </think>,
  kApartOpened,  // of which the prompt has written the first
};

// What is told apart in a response's text.
struct AnswerReading {
  Thoughts thoughts = Thoughts::kInContent;
  std::optional<ToolCallFormat> tool_calls = {};  // as which format they are read; not set: they are text
};

struct AnswerPart {
  std::string reasoning = {}, content = {};
  std::vector<ToolCall> tool_calls = {};

  [[nodiscard]] bool is_empty() const { return reasoning.empty() && content.empty() && tool_calls.empty(); }
};

// Of one response. Tokenizer and stop strings must outlive it.
class AnswerText {
 public:
  AnswerText(const Tokenizer& tokenizer, const StopStrings& stop, const AnswerReading& reading)
      : text_(tokenizer, stop) {
    if (reading.thoughts != Thoughts::kInContent)
      thoughts_.emplace(reading.thoughts == Thoughts::kApartOpened);
    if (reading.tool_calls) calls_.emplace(*reading.tool_calls);
  }

  [[nodiscard]] AnswerPart push(TokenId token) {
    if (thoughts_ && thoughts_->is_thinking()) ++reasoning_tokens_;
    return part_of(text_.push(token));
  }
  [[nodiscard]] AnswerPart finish() {
    AnswerPart part = part_of(text_.finish());
    if (thoughts_) {
      AnswerPiece last = thoughts_->finish();
      part.reasoning += last.reasoning;
      add_content(part, std::move(last.content));
    }
    if (calls_) add(part, calls_->finish());
    return part;
  }

  [[nodiscard]] int64_t reasoning_tokens() const { return reasoning_tokens_; }

 private:
  [[nodiscard]] AnswerPart part_of(std::string text) {
    AnswerPart part;
    if (!thoughts_) {
      add_content(part, std::move(text));
      return part;
    }
    AnswerPiece piece = thoughts_->push(text);
    part.reasoning = std::move(piece.reasoning);
    add_content(part, std::move(piece.content));
    return part;
  }
  void add_content(AnswerPart& part, std::string text) {
    if (calls_)
      add(part, calls_->push(text));
    else
      part.content += text;
  }
  static void add(AnswerPart& part, ToolCallPiece&& piece) {
    part.content += piece.content;
    for (ToolCall& call : piece.calls) part.tool_calls.push_back(std::move(call));
  }

  StreamedText text_;
  std::optional<ThinkingSplit> thoughts_;
  std::optional<ToolCallSplit> calls_;
  int64_t reasoning_tokens_ = 0;
};

}  // namespace deepscaler
