// The text of a response while it is made: whole characters only, and nothing of a stop string.
//
// A piece of text is held back until it is sure to be part of the response: bytes of a character that is not
// whole, and an end that a stop string may begin with. All pieces together are what StopStrings::cut() leaves
// of the decoded response.
#pragma once

#include <string>

#include "infer/stop_strings.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

// Of one response, without its special tokens. For one thread; tokenizer and stop strings must outlive it.
class StreamedText {
 public:
  StreamedText(const Tokenizer& tokenizer, const StopStrings& stop)
      : decoder_(tokenizer, {.skip_special_tokens = true}), stop_(stop) {}

  // What is sure with one more token of the response; may be empty.
  [[nodiscard]] std::string push(TokenId token);
  // What is left when the response is over; the last call.
  [[nodiscard]] std::string finish();

 private:
  // Takes the first bytes of what is held back.
  std::string take(size_t bytes);

  StreamDecoder decoder_;
  const StopStrings& stop_;
  std::string held_;      // no stop string begins before it
  bool stopped_ = false;  // by one: nothing follows
};

}  // namespace deepscaler
