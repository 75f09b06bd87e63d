#include "generate/thinking_split.h"

#include <algorithm>

namespace deepscaler {
namespace {

constexpr std::string_view kOpen = "<think>", kClose = "</think>", kSpaces = " \t\r\n";

// How many bytes at the end of `text` `mark` could begin with.
size_t undecided_bytes(std::string_view text, std::string_view mark) {
  for (size_t bytes = std::min(text.size(), mark.size() - 1); bytes > 0; --bytes) {
    if (mark.starts_with(text.substr(text.size() - bytes))) return bytes;
  }
  return 0;
}

size_t without_space_at_end(std::string_view text) {
  const size_t last = text.find_last_not_of(kSpaces);
  return last == std::string_view::npos ? 0 : last + 1;
}

}  // namespace

AnswerPiece ThinkingSplit::push(std::string_view text) {
  held_ += text;
  AnswerPiece piece;
  while (take_step(piece, false)) {
  }
  return piece;
}

AnswerPiece ThinkingSplit::finish() {
  AnswerPiece piece;
  while (take_step(piece, true)) {
  }
  return piece;
}

// Takes what is certain; whether the state is another now.
bool ThinkingSplit::take_step(AnswerPiece& piece, bool is_over) {
  const size_t begin = std::min(held_.find_first_not_of(kSpaces), held_.size());
  const std::string_view rest = std::string_view(held_).substr(begin);
  switch (state_) {
    case State::kBefore:
      if (rest.starts_with(kOpen)) {
        held_.erase(0, begin + kOpen.size());
        state_ = State::kOpened;
        return true;
      }
      if (!is_over && kOpen.starts_with(rest)) return false;
      state_ = State::kAnswer;
      return true;
    case State::kOpened:
      if (rest.empty()) return false;
      held_.erase(0, begin);
      state_ = State::kThinking;
      return true;
    case State::kThinking: {
      const size_t end = held_.find(kClose);
      const bool closed = end != std::string::npos;
      const size_t thoughts = closed ? end : held_.size() - (is_over ? 0 : undecided_bytes(held_, kClose));
      const size_t kept = without_space_at_end(std::string_view(held_).substr(0, thoughts));
      piece.reasoning += held_.substr(0, kept);
      held_.erase(0, closed ? end + kClose.size() : kept);
      if (closed) state_ = State::kClosed;
      return closed;
    }
    case State::kClosed:
      if (rest.empty()) return false;
      held_.erase(0, begin);
      state_ = State::kAnswer;
      return true;
    case State::kAnswer:
      piece.content += held_;
      held_.clear();
      return false;
  }
  return false;
}

}  // namespace deepscaler
