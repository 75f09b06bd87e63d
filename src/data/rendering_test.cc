#include "data/rendering.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

std::string verdict(const std::string& source, const std::string& messages) {
  const ChatTemplate chat_template(source);
  const Json list = Json::parse(messages);
  const Json none = Json::object();
  try {
    check_rendering(list, chat_template.render(list, GenerationPrompt::kAdd, none), chat_template, none,
                    "a.jsonl:3");
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

// Roles that it does not know are passed over, as by Qwen's and many others.
const std::string kThreeRoles =
    "{% for m in messages %}{% if m.role == 'system' and loop.first %}<s>{{ m.content }}"
    "{% elif m.role in ['user', 'assistant'] %}<{{ m.role }}>{{ m.content | trim }}{% endif %}{% endfor %}";

TEST(Rendering, MessagesThatATemplatePassesOver) {
  const std::string left = "a.jsonl:3: the chat template leaves out what is said in message ";
  const std::string remedy = "; give the message a role and a place that the template knows";
  EXPECT_EQ(verdict(kThreeRoles,
                    R"([{"role": "system", "content": "Be brief."}, {"role": "user", "content": " hi\n"}])"),
            "");
  EXPECT_EQ(verdict(kThreeRoles,
                    R"([{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "hi"}])"),
            left + "1 (of 'developer')" + remedy);
  EXPECT_EQ(verdict(kThreeRoles,
                    R"([{"role": "user", "content": "hi"}, {"role": "system", "content": "Be brief."}])"),
            left + "2 (of 'system')" + remedy);
  EXPECT_EQ(verdict(kThreeRoles, R"([{"role": "user", "content": "5?"}, {"role": "tool", "content": "5"}])"),
            left + "2 (of 'tool')" + remedy);
  // There is nothing to lose.
  EXPECT_EQ(verdict(kThreeRoles, R"([{"role": "user", "content": "hi"}, {"role": "tool", "content": ""}])"),
            "");
}

TEST(Rendering, WhatTemplatesMayDo) {
  // Write a text as JSON, in capitals, or without the thoughts before it.
  EXPECT_EQ(verdict("{% for m in messages %}{{ m.content | upper | tojson }}{% endfor %}",
                    R"([{"role": "ipython", "content": "a \"b\"\nc"}])"),
            "");
  EXPECT_EQ(
      verdict(
          "{% for m in messages %}{{ m.content.split('</think>')[-1] }}{% endfor %}",
          R"([{"role": "assistant", "content": "<think>hm</think>5"}, {"role": "user", "content": "q"}])"),
      "");
  EXPECT_EQ(
      verdict("{{ messages | length }}{% for m in messages %}{{ m.content }}{% endfor %}",
              R"([{"role": "user"}, {"role": "user", "content": null}, {"role": "user", "content": " "}])"),
      "");
}

TEST(Rendering, ATemplateThatWritesNoTextIsWarnedOf) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(verdict("{% for m in messages %}{{ m.role }}{% endfor %}",
                    R"([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}])"),
            "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "warning: a.jsonl:3: the chat template writes nothing of what the messages say\n");
}

TEST(Rendering, PartsOfAMessage) {
  const std::string parts =
      R"([{"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "text", "text": "you"}]}])";
  EXPECT_EQ(
      verdict("{% for m in messages %}{{ m.content }}{% endfor %}", parts),
      "a.jsonl:3: the chat template takes no list of parts, but prints it, as the content of message 1 (of "
      "'user'); write the content as one text");
  EXPECT_EQ(
      verdict("{% for m in messages %}{% for p in m.content %}{{ p.text }}{% endfor %}{% endfor %}", parts),
      "");
  EXPECT_EQ(verdict("{% for m in messages %}{{ m.content[0].text }}{% endfor %}", parts),
            "a.jsonl:3: the chat template leaves out what is said in message 1 (of 'user'); give the "
            "message a role "
            "and a place that the template knows");
}

TEST(Rendering, ArgumentsOfToolCallsAreNotQuotedTwice) {
  const std::string source =
      "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls %}{{ c.function.name }}"
      "{{ c.function.arguments | tojson }}{% endfor %}{% endfor %}";
  EXPECT_EQ(
      verdict(source, R"([{"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function":
                                {"name": "f", "arguments": {"city": "Ulm"}}}]}])"),
      "");
  EXPECT_EQ(
      verdict(source, R"([{"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function":
                                {"name": "f", "arguments": "{\"city\": \"Ulm\"}"}}]}])"),
      "a.jsonl:3: the chat template quotes the arguments, which are JSON in a text, of the tool call in "
      "message 1 "
      "(of 'assistant'); write them as an object: {\"key\": value}");
  EXPECT_EQ(
      verdict(
          "{% for c in messages[0].tool_calls %}{{ c.arguments }}{% endfor %}",
          R"([{"role": "assistant", "tool_calls": [{"name": "f", "arguments": "{\"city\": \"Ulm\"}"}]}])"),
      "");
}

}  // namespace
}  // namespace deepscaler
