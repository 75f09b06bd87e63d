// The answer to one request while it is made, and how an endpoint writes it: whole, or as a stream of events.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/stopwatch.h"
#include "serve/answer/answer_engine.h"
#include "serve/answer/answer_text.h"

namespace deepscaler {

struct AnsweredPrompt {
  std::vector<TokenId> tokens;
  int64_t reused = 0;                // of them there already
  std::vector<TokenRanking> scores;  // of its tokens after the first, if they were asked for
};

// One response.
struct AnswerChoice {
  AnswerText text;
  std::string reasoning, content;  // so far, as the following are
  std::vector<ToolCall> tool_calls;
  std::vector<TokenId> tokens;
  std::vector<TokenRanking> log_probs;
  std::optional<FinishReason> finish;
};

struct Answer {
  std::vector<AnsweredPrompt> prompts;
  std::vector<AnswerChoice> choices;  // those of the first prompt, those of the second, ...
  Stopwatch since_asked;
  double prompt_seconds = 0;  // until the last prompt was read

  [[nodiscard]] size_t samples() const { return choices.size() / prompts.size(); }  // of a prompt
  [[nodiscard]] int64_t prompt_tokens() const;
  [[nodiscard]] int64_t reused_tokens() const;
  [[nodiscard]] int64_t response_tokens() const;
  [[nodiscard]] int64_t reasoning_tokens() const;
};

// What a stream tells of a choice: text and calls that are new, and the tokens from `first_token` on.
struct ChoiceNews {
  size_t choice = 0;
  AnswerPart part = {};
  size_t first_token = 0;
};

// The form of an endpoint's answers; immutable. All functions give text that is sent as it is, possibly none.
class AnswerForm {
 public:
  virtual ~AnswerForm() = default;

  [[nodiscard]] virtual std::string whole(const Answer& answer) const = 0;

  // Of a stream; forms that are never streamed have none.
  [[nodiscard]] virtual std::string stream_type() const { return "text/event-stream"; }
  [[nodiscard]] virtual std::string begin(const Answer&, size_t /*choice*/) const { return {}; }
  [[nodiscard]] virtual std::string go_on(const Answer&, const ChoiceNews&) const { return {}; }
  // The choice is over; its tokens from `first_token` on are not told of yet.
  [[nodiscard]] virtual std::string finish(const Answer&, size_t /*choice*/, size_t /*first_token*/) const {
    return {};
  }
  [[nodiscard]] virtual std::string end(const Answer&) const { return {}; }
  [[nodiscard]] virtual std::string break_off(int status, const std::string& message) const = 0;
  // The body of an answer that failed before anything was sent.
  [[nodiscard]] virtual std::string refusal(int status, const std::string& message) const = 0;
};

}  // namespace deepscaler
