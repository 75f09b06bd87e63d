// Counting the nesting of the grammar's rules; see parser.h.
#pragma once

#include "verify/parse/parser.h"

namespace deepscaler {

class Parser::Nested {
 public:
  explicit Nested(Parser& parser) : parser_(parser) {
    if (++parser_.depth_ > kMaxDepth) parser_.failed_ = true;
  }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;
  ~Nested() { --parser_.depth_; }

 private:
  Parser& parser_;
};

}  // namespace deepscaler
