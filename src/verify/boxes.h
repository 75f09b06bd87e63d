// The answer in a text's boxes: the last \boxed or \fbox. Boxes that a sentence joins ("\boxed{3} or
// \boxed{7}") are one answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace deepscaler {

struct Extraction {
  enum class Found : uint8_t {
    answer,
    none,       // nothing that looks like an answer
    empty,      // a box with nothing in it
    truncated,  // the last box is not closed, or the thinking never ended
  };
  Found found = Found::none;
  std::string text;  // the answer; joined boxes are joined by \text{ and }
};

// Linear in the text, thread-safe, and at home with any bytes.
[[nodiscard]] Extraction extract_boxed(std::string_view text);

}  // namespace deepscaler
