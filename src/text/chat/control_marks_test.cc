#include "text/chat/control_marks.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "text/chat/chat_template.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

using nlohmann::ordered_json;

TEST(ControlMarks, WhatPeopleWriteIsText) {
  const Tokenizer tokenizer = byte_tokenizer();
  const ControlMarks marks(tokenizer);
  const ChatTemplate chat_template(
      "{% for m in messages %}{{ m.content }}<|endoftext|>{% endfor %}{{ tools|tojson }}");
  const ordered_json messages = {{{"role", "user"}, {"content", "a<|endoftext|>b"}}};
  const ordered_json tools = {{"tools", {"<|endoftext|>"}}};
  const std::string mark = ControlMarks::unused_mark(messages.dump());
  const MarkedText marked =
      ControlMarks::take_out(chat_template.render(marks.protect(messages, mark), GenerationPrompt::kOmit,
                                                  marks.protect(tools, mark)),
                             mark);
  EXPECT_EQ(marked.text, "a<|endoftext|>b<|endoftext|>[\"<|endoftext|>\"]");
  const auto tokens =
      tokenizer.encode(marked.text, {.add_special_tokens = false, .plain_at = marked.plain_at});
  EXPECT_EQ(std::ranges::count(tokens, kByteTokenizerEos), 1);
  EXPECT_EQ(tokens[15], kByteTokenizerEos);  // after the 15 bytes of the message
  EXPECT_EQ(tokenizer.decode(tokens), marked.text);
}

TEST(ControlMarks, AMarkIsACharacterThatTheTextLacks) {
  EXPECT_EQ(ControlMarks::unused_mark("a"), "\ufdd0");
  EXPECT_EQ(ControlMarks::unused_mark("\ufdd0 \\ufdd1"), "\ufdd2");
  std::string all;
  for (int i = 0; i < 32; ++i) all += std::string("\xef\xb7") + static_cast<char>(0x90 + i);
  EXPECT_THROW((void)ControlMarks::unused_mark(all), Error);
}

TEST(ControlMarks, WhatATemplateWritesAsJsonIsTakenOutToo) {
  const MarkedText marked = ControlMarks::take_out("x\\ufdd0<|a|>\ufdd0<|b|>", "\ufdd0");
  EXPECT_EQ(marked.text, "x<|a|><|b|>");
  EXPECT_EQ(marked.plain_at, (std::vector<size_t>{1, 6}));
}

}  // namespace
}  // namespace deepscaler
