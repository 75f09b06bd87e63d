// A reading that may be given up; see parser.h.
#pragma once

#include "verify/parse/parser.h"

namespace deepscaler {

// Takes the cursor back to where it stood, and a failure with it, unless keep() is called. A nesting that
// is too deep stays a failure: it would be met again.
class Parser::Attempt {
 public:
  explicit Attempt(Parser& parser) : parser_(parser), start_(parser.next_), had_failed_(parser.failed_) {}
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;
  ~Attempt() {
    if (kept_) return;
    parser_.next_ = start_;
    parser_.failed_ = had_failed_ || (parser_.failed_ && parser_.depth_ > kMaxDepth);
  }

  // The reading holds; true, for `return attempt.keep()`.
  bool keep() { return kept_ = true; }
  [[nodiscard]] bool has_moved() const { return parser_.next_ > start_; }

 private:
  Parser& parser_;
  size_t start_;
  bool had_failed_;
  bool kept_ = false;
};

}  // namespace deepscaler
