#include "text/chat/chat_template.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "formats/mutation.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {
namespace {

using nlohmann::ordered_json;

const ordered_json kMessages = {{{"role", "user"}, {"content", "hi"}}};

std::string render(const std::string& source, const ordered_json& variables = ordered_json::object()) {
  return ChatTemplate(source, "t").render(kMessages, GenerationPrompt::kAdd, variables);
}

std::string error_of(const std::string& source) {
  try {
    return "rendered: " + render(source);
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(ChatTemplate, RendersByteForByteAsTheReference) {
  const auto cases = ordered_json::parse(read_file(DEEPSCALER_GOLDENS "/chat_template/cases.json"));
  ASSERT_GT(cases.size(), 100u);
  for (const ordered_json& entry : cases) {
    const auto source = entry["template"].get<std::string>();
    const auto prompt =
        entry["add_generation_prompt"].get<bool>() ? GenerationPrompt::kAdd : GenerationPrompt::kOmit;
    try {
      const std::string text = ChatTemplate(source).render(entry["messages"], prompt, entry["variables"]);
      if (entry.contains("fails")) {
        ADD_FAILURE() << source << "\nrendered as: " << text;
      } else {
        EXPECT_EQ(text, entry["rendered"].get<std::string>()) << source;
      }
    } catch (const Error& error) {
      EXPECT_TRUE(entry.contains("fails")) << source << "\nfailed: " << error.what();
    }
  }
}

TEST(ChatTemplate, FaultsNameTheLine) {
  const std::string syntax = "; correct the chat template";
  const std::string fault = "; correct the messages or the chat template";
  EXPECT_EQ(error_of("a\n{% include 'x' %}"), "t:2: the statement 'include' is not supported here" + syntax);
  EXPECT_EQ(error_of("{{ x | sort }}"), "t:1: the filter 'sort' is not supported" + syntax);
  EXPECT_EQ(error_of("\n\n{{ x is filter }}"), "t:3: the test 'filter' is not supported" + syntax);
  EXPECT_EQ(error_of("{% if x %}\na"), "t:2: a block without its end 'endif'" + syntax);
  EXPECT_EQ(error_of("{{ f(*x) }}"), "t:1: unpacking arguments with '*' is not supported" + syntax);
  EXPECT_EQ(error_of("{{ x"), "t:1: the template ends inside a tag" + syntax);
  EXPECT_EQ(error_of("{{ 99999999999999999999 }}"),
            "t:1: the number '99999999999999999999' is out of range" + syntax);
  EXPECT_EQ(error_of("\n{{ raise_exception('roles\nmust alternate') }}"),
            "t:2: roles must alternate" + fault);
  EXPECT_EQ(error_of("{{ messages[0].x.y }}"), "t:1: 'dict object' has no attribute 'x'" + fault);
  EXPECT_EQ(error_of("{{ nobody.x }}"), "t:1: 'nobody' is undefined" + fault);
  EXPECT_EQ(error_of("{{ 'a'.zfill(3) }}"), "t:1: the method 'zfill' of strings is not supported" + fault);
  EXPECT_EQ(error_of("{{ 9223372036854775807 + 1 }}"), "t:1: an integer beyond 64 bits" + fault);
}

TEST(ChatTemplate, WorkNestingAndMemoryAreBounded) {
  const std::string fault = "; correct the messages or the chat template";
  EXPECT_EQ(error_of("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"),
            "t:1: calls and blocks nested too deep" + fault);
  EXPECT_EQ(error_of("{{ 'a' * 100000000 }}"), "t:1: a value larger than 64 MiB" + fault);
  EXPECT_EQ(
      error_of("{% set n = namespace(x='a') %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}"),
      "t:1: a value larger than 64 MiB" + fault);
  EXPECT_EQ(
      error_of(
          "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}"),
      "t:1: a value larger than 64 MiB" + fault);
  EXPECT_EQ(
      error_of("{% set n = namespace(x=[]) %}{% for i in range(999) %}{% set n.x = [n.x] %}{% endfor %}"),
      "t:1: values nested too deep" + fault);
  EXPECT_EQ(error_of("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"),
            "t:1: the template takes too much work" + fault);
  EXPECT_EQ(error_of("{% set n = namespace() %}{% set n.n = n %}"),
            "t:1: a namespace inside a namespace is not supported" + fault);
  EXPECT_EQ(error_of("{{ " + std::string(500, '(') + "1" + std::string(500, ')') + " }}"),
            "t:1: expressions nested deeper than 100 levels; correct the chat template");
  std::string chain = "{{ 1";
  for (int i = 0; i < 1000; ++i) chain += " + 1";
  EXPECT_EQ(error_of(chain + " }}"), "t:1: an expression that is too long; correct the chat template");
}

TEST(ChatTemplate, DatesAreOfToday) {
  EXPECT_EQ(render("{{ strftime_now('%Y') }}").size(), 4u);
  EXPECT_EQ(render("{{ strftime_now('') }}"), "");
}

TEST(ChatTemplate, KnowsTheTokensOfTheTokenizer) {
  const Tokenizer tokenizer = Tokenizer::load(DEEPSCALER_GOLDENS "/tokenizer/llama3");
  EXPECT_EQ(render("{{ bos_token }}{{ eos_token }}{{ pad_token is defined }}", template_variables(tokenizer)),
            "<|start|><|end|>False");
}

TEST(ChatTemplate, TellsWhetherThePromptOpenedTheChainOfThought) {
  EXPECT_TRUE(opens_think("<A><think>\n"));
  EXPECT_TRUE(opens_think("<A><think>"));
  EXPECT_FALSE(opens_think("<A>"));
  EXPECT_FALSE(opens_think("<A><think>\n\n</think>\n\n"));
  EXPECT_FALSE(opens_think("Write <think> first.<A>"));
  EXPECT_FALSE(opens_think(""));
}

TEST(ChatTemplate, DamagedTemplatesNeverDoWorseThanAnError) {
  const auto cases = ordered_json::parse(read_file(DEEPSCALER_GOLDENS "/chat_template/cases.json"));
  const auto variables = cases.back()["variables"];
  for (uint64_t i = 0; i < 6000; ++i) {
    const ordered_json& entry = cases[i % cases.size()];
    try {
      (void)ChatTemplate(mutated(entry["template"].get<std::string>(), i))
          .render(entry["messages"], GenerationPrompt::kAdd, variables);
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace deepscaler
