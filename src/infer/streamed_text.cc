#include "infer/streamed_text.h"

namespace deepscaler {

std::string StreamedText::push(TokenId token) {
  if (stopped_) return "";
  held_ += decoder_.push(token);
  const size_t text = stop_.cut(held_).size();
  stopped_ = text < held_.size();
  return take(stopped_ ? text : held_.size() - stop_.undecided_bytes(held_));
}

std::string StreamedText::finish() {
  if (stopped_) return "";
  held_ += decoder_.finish();
  return take(stop_.cut(held_).size());
}

std::string StreamedText::take(size_t bytes) {
  std::string piece = held_.substr(0, bytes);
  held_.erase(0, bytes);
  return piece;
}

}  // namespace deepscaler
