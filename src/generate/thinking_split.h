// The text of a response in two: the chain of thought, and the answer after it.
//
// The chain of thought stands between "<think>" and "</think>"; a prompt may have opened it already
// (opens_think()). White space at its ends, and before the answer, belongs to neither. A response that is cut
// off in its thoughts has no answer.
#pragma once

#include <string>
#include <string_view>

namespace deepscaler {

struct AnswerPiece {
  std::string reasoning;
  std::string content;
};

// For one response, whose text comes in pieces of whole characters.
class ThinkingSplit {
 public:
  explicit ThinkingSplit(bool opened_thinking) : state_(opened_thinking ? State::kOpened : State::kBefore) {}

  [[nodiscard]] AnswerPiece push(std::string_view text);
  // What is left when the response is over.
  [[nodiscard]] AnswerPiece finish();

  [[nodiscard]] bool is_thinking() const { return state_ == State::kOpened || state_ == State::kThinking; }

 private:
  enum class State {
    kBefore,    // nothing but white space so far, or a part of "<think>"
    kOpened,    // thinking, of which nothing but white space came
    kThinking,  // up to "</think>"
    kClosed,    // between the thoughts and the answer
    kAnswer,
  };

  bool take_step(AnswerPiece& piece, bool is_over);

  State state_;
  std::string held_;
};

}  // namespace deepscaler
