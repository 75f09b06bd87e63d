#include "serve/answer/tool_calls.h"

#include <gtest/gtest.h>

namespace deepscaler {
namespace {

// What a text comes to, in pieces of so many bytes: its content, then each call.
std::string split(ToolCallFormat format, std::string_view text, size_t bytes) {
  ToolCallSplit split(format);
  std::string content, calls;
  const auto take = [&](const ToolCallPiece& piece) {
    content += piece.content;
    for (const ToolCall& call : piece.calls) calls += " | " + call.name + call.arguments;
  };
  for (size_t at = 0; at < text.size(); at += bytes) take(split.push(text.substr(at, bytes)));
  take(split.finish());
  return content + calls;
}

void expect(ToolCallFormat format, std::string_view text, const std::string& result) {
  for (const size_t bytes : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{1000}})
    EXPECT_EQ(split(format, text, bytes), result) << bytes << " bytes of: " << text;
}

TEST(ToolCalls, Tagged) {
  const auto tagged = [](std::string_view text, const std::string& result) {
    expect(ToolCallFormat::kTagged, text, result);
  };
  tagged("Hello", "Hello");
  tagged("a < b <tool", "a < b <tool");
  tagged("Two spaces  \n", "Two spaces  \n");
  tagged("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"b\": 1, \"a\": \"x\"}}\n</tool_call>",
         " | f{\"b\":1,\"a\":\"x\"}");
  tagged(
      "I look.\n\n<tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call>\n"
      "<tool_call>{\"name\": \"g\", \"arguments\": {}}</tool_call>\n",
      "I look. | f{} | g{}");
  // The tag is not closed, which Qwen forgets at times.
  tagged("<tool_call>{\"name\": \"f\", \"arguments\": {}}", " | f{}");
  // What is no call stays as it is.
  tagged("<tool_call>{\"name\": 1}</tool_call> x", "<tool_call>{\"name\": 1}</tool_call> x");
  tagged("<tool_call>{\"name\": \"f\", \"arguments\": \"x\"}</tool_call>",
         "<tool_call>{\"name\": \"f\", \"arguments\": \"x\"}</tool_call>");
  tagged("<tool_call>", "<tool_call>");
  const std::string deep = "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": " + std::string(5000, '[') +
                           std::string(5000, ']') + "}}</tool_call>";
  tagged(deep, deep);
}

TEST(ToolCalls, WholeText) {
  const auto whole = [](std::string_view text, const std::string& result) {
    expect(ToolCallFormat::kWholeText, text, result);
  };
  whole("Hello {\"name\": \"f\", \"parameters\": {}}", "Hello {\"name\": \"f\", \"parameters\": {}}");
  whole("{\"name\": \"f\", \"parameters\": {\"x\": \"a}\\\"b\"}}", " | f{\"x\":\"a}\\\"b\"}");
  whole(" {\"name\": \"f\", \"parameters\": {}}; {\"name\": \"g\", \"arguments\": {}}\n", " | f{} | g{}");
  whole("{\"answer\": 42}", "{\"answer\": 42}");
  whole("{\"name\": \"f\", \"parameters\": {}} and more", "{\"name\": \"f\", \"parameters\": {}} and more");
  whole("{\"name\": \"f\", \"parameters\": {", "{\"name\": \"f\", \"parameters\": {");
  whole("", "");
}

TEST(ToolCalls, TheTemplateShowsTheFormat) {
  EXPECT_EQ(tool_call_format("return json within <tool_call></tool_call> tags"), ToolCallFormat::kTagged);
  EXPECT_EQ(tool_call_format("<|start_header_id|> {'\"parameters\": '}"), ToolCallFormat::kWholeText);
  EXPECT_EQ(tool_call_format("[{{ m.role }}]"), std::nullopt);
}

}  // namespace
}  // namespace deepscaler
