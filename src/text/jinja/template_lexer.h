// Cuts a chat template into tokens, with Jinja's white space rules as transformers sets them:
// trim_blocks (a line break after a block tag goes), lstrip_blocks (white space before a block tag
// on its line goes), `-` and `+` in tags, one line break at the end of the source dropped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deepscaler::jinja {

struct Token {
  enum class Kind {
    kText,
    kPrintBegin,
    kPrintEnd,
    kBlockBegin,
    kBlockEnd,
    kName,
    kString,
    kInteger,
    kReal,
    kOperator,
    kEnd
  };
  Kind kind;
  int line;  // from 1
  std::string text;

  [[nodiscard]] bool is(Kind wanted, std::string_view wanted_text) const {
    return kind == wanted && text == wanted_text;
  }
};

// `source` must be valid UTF-8; the last token is kEnd. Throws Error naming `where` and the line.
[[nodiscard]] std::vector<Token> tokenize_template(std::string_view source, const std::string& where);

}  // namespace deepscaler::jinja
