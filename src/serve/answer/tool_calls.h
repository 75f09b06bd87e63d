// Calls of tools in the text of a response. A model writes them as its chat template has taught it:
//
//   kTagged     Qwen's <tool_call>{"name": "f", "arguments": {...}}</tool_call>, any number, after other text
//   kWholeText  Llama 3's {"name": "f", "parameters": {...}} is the whole text, after <|python_tag|> where
//   the
//               model has that token; several are apart by ; or white space
//
// What only looks like a call stays text. A text that may become a call is held back until it is one or not.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deepscaler {

enum class ToolCallFormat { kTagged, kWholeText };

// The format that a model's chat template shows it; nothing where it shows none of these.
[[nodiscard]] std::optional<ToolCallFormat> tool_call_format(std::string_view chat_template);

struct ToolCall {
  std::string name;
  std::string arguments;  // a JSON object
};

struct ToolCallPiece {
  std::string content;
  std::vector<ToolCall> calls;
};

// For one text, which comes in pieces. Takes linear time and holds at most the text.
class ToolCallSplit {
 public:
  explicit ToolCallSplit(ToolCallFormat format) : format_(format) {}

  [[nodiscard]] ToolCallPiece push(std::string_view text);
  // What is left when the text is over.
  [[nodiscard]] ToolCallPiece finish();

 private:
  void take_tagged(ToolCallPiece& piece, bool is_over);
  void take_call(ToolCallPiece& piece, size_t end, size_t tag_bytes);

  ToolCallFormat format_;
  std::string held_;
  size_t looked_at_ = 0;  // bytes of held_ in which no tag begins
  bool in_call_ = false;  // held_ begins behind <tool_call>
  bool has_called_ = false;
  bool is_text_ = false;  // kWholeText: it is no call
};

}  // namespace deepscaler
