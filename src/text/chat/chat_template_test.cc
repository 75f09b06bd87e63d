#include "text/chat/chat_template.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>

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
  EXPECT_EQ(error_of("{{ x | groupby('y') }}"), "t:1: the filter 'groupby' is not supported" + syntax);
  EXPECT_EQ(error_of("\n\n{{ x is escaped }}"), "t:3: the test 'escaped' is not supported" + syntax);
  EXPECT_EQ(error_of("{% if x %}\na"), "t:2: a block without its end 'endif'" + syntax);
  EXPECT_EQ(error_of("{{ f(*x) }}"), "t:1: unpacking arguments with '*' is not supported" + syntax);
  EXPECT_EQ(error_of("{{ x"), "t:1: the template ends inside a tag" + syntax);
  EXPECT_EQ(error_of("{{ 99999999999999999999 }}"),
            "t:1: the number '99999999999999999999' is out of range" + syntax);
  EXPECT_EQ(error_of("\n{{ raise_exception('roles\nmust alternate') }}"),
            "t:2: roles must alternate" + fault);
  EXPECT_EQ(error_of("{{ messages[0].x.y }}"), "t:1: 'dict object' has no attribute 'x'" + fault);
  EXPECT_EQ(error_of("{{ nobody.x }}"), "t:1: 'nobody' is undefined" + fault);
  EXPECT_EQ(error_of("{{ 'a'.translate(3) }}"),
            "t:1: the method 'translate' of strings is not supported" + fault);
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

TEST(ChatTemplate, TheDayIsASetting) {
  ChatTemplate chat_template("{{ strftime_now('%A, %d %B %Y, day %j, %H:%M') }}");
  EXPECT_TRUE(chat_template.asks_for_day());
  EXPECT_EQ(chat_template.day(), today());
  chat_template.set_day(day_from_text("2024-02-29", "--date"));
  EXPECT_EQ(chat_template.render(kMessages, GenerationPrompt::kOmit, ordered_json::object()),
            "Thursday, 29 February 2024, day 060, 00:00");
  EXPECT_EQ(day_text(chat_template.day()), "2024-02-29");
  EXPECT_FALSE(ChatTemplate("{{ 'now' }}").asks_for_day());
  for (const char* bad : {"2023-02-29", "2024-2-29", "24-02-29", "2024-02-30", "today", "2024-+1-01", ""}) {
    EXPECT_THROW((void)day_from_text(bad, "--date"), Error) << bad;
  }
}

// As transformers gives them to a template.
TEST(ChatTemplate, ReasoningHasThreeNames) {
  const ChatTemplate chat_template("{{ messages | tojson }}");
  const auto render = [&](const ordered_json& message) {
    return chat_template.render(ordered_json::array({message}), GenerationPrompt::kOmit,
                                ordered_json::object());
  };
  EXPECT_EQ(render({{"role", "a"}, {"reasoning", "r"}}),
            R"([{"thinking": "r", "role": "a", "reasoning": "r", "reasoning_content": "r"}])");
  EXPECT_EQ(render({{"thinking", "t"}, {"reasoning_content", nullptr}}),
            R"([{"thinking": "t", "reasoning_content": "t"}])");
  EXPECT_EQ(render({{"reasoning_content", "c"}, {"thinking", "t"}}),
            R"([{"thinking": "t", "reasoning_content": "c"}])");
  EXPECT_EQ(render({{"role", "a"}, {"reasoning", nullptr}}), R"([{"role": "a", "reasoning": null}])");
}

TEST(ChatTemplate, LongConversationsAreRendered) {
  const ChatTemplate chat_template(
      "{% for m in messages %}{% if loop.first or messages[loop.index0 - 1].role != m.role %}<{{ m.role }}>"
      "{{ m.content | trim }}{% endif %}{% endfor %}");
  ordered_json messages = ordered_json::array();
  for (int i = 0; i < 5000; ++i) messages.push_back({{"role", i % 2 ? "b" : "a"}, {"content", "hello"}});
  EXPECT_EQ(chat_template.render(messages, GenerationPrompt::kOmit, ordered_json::object()).size(),
            5000u * 8);
}

ordered_json first_of(const ordered_json& messages, size_t count) {
  return ordered_json(messages.begin(), messages.begin() + static_cast<int64_t>(count));
}

// The templates of open models, with conversations of theirs.
TEST(ChatTemplate, TurnTextsAreThoseOfEveryBeginning) {
  int turn_by_turn = 0;
  for (const ordered_json& entry :
       ordered_json::parse(read_file(DEEPSCALER_GOLDENS "/chat_template/cases.json"))) {
    const auto source = entry["template"].get<std::string>();
    const ordered_json &messages = entry["messages"], &variables = entry["variables"];
    std::optional<TurnTexts> turns;
    try {
      turns = ChatTemplate(source).render_turns(messages, variables);
    } catch (const Error&) {
    }
    if (!turns) continue;
    ++turn_by_turn;
    const ChatTemplate chat_template(source);
    for (size_t i = 0; i < messages.size(); ++i) {
      const std::string text = turns->text.substr(0, turns->ends[i]);
      const ordered_json first = first_of(messages, i + 1);
      ASSERT_EQ(text + turns->closed, chat_template.render(first, GenerationPrompt::kOmit, variables))
          << source;
      ASSERT_EQ(text + turns->opened, chat_template.render(first, GenerationPrompt::kAdd, variables))
          << source;
    }
  }
  EXPECT_GE(turn_by_turn, 19);
}

TEST(ChatTemplate, WhatLooksAheadIsNotWrittenTurnByTurn) {
  const ordered_json messages = {{{"role", "user"}, {"content", "a"}},
                                 {{"role", "assistant"}, {"content", "b"}}};
  const auto is_turn_by_turn = [&](const std::string& source) {
    return ChatTemplate(source).render_turns(messages, ordered_json::object()).has_value();
  };
  const std::string tail = "{% if add_generation_prompt %}<assistant>{% endif %}";
  for (const char* body :
       {"{% for m in messages %}{{ m.content }}{% endfor %}",
        "{% for m in messages %}{% if loop.first and messages[0].role != 'system' %}s{% endif %}"
        "{{ m.content }}{% endfor %}",
        "{% set all = messages %}{% for m in all %}{{ loop.index0 }}{{ m.content }}{% endfor %}",
        "{% set n = namespace(u=0) %}{% for m in messages %}{% set n.u = n.u + 1 %}{{ n.u }}"
        "{{ loop.previtem is defined }}{% if n.u > 1 %}{% break %}{% endif %}{% endfor %}",
        "{% macro show(m) %}<{{ m.role }}>{% endmacro %}{% for m in messages %}{{ show(m) }}"
        "{% endfor %}"}) {
    EXPECT_TRUE(is_turn_by_turn(body + tail)) << body;
  }
  for (const char* body :
       {"{% for m in messages %}{{ m.content }}{% if loop.last %}.{% endif %}{% endfor %}",
        "{% for m in messages %}{{ loop.nextitem.role }}{% endfor %}",
        "{% for m in messages %}{{ loop.revindex }}{% endfor %}",
        "{% for m in messages %}{% set l = loop %}{{ l.length }}{% endfor %}",
        "{% for m in messages %}{{ messages[loop.index0 + 1].role }}{% endfor %}",
        "{% for m in messages %}{{ messages[-1].role }}{% endfor %}",
        "{{ messages | length }}{% for m in messages %}{{ m.content }}{% endfor %}",
        "{% for m in messages %}{{ m.content }}{% endfor %}{{ messages[-1].role }}",
        "{% for m in messages[1:] %}{{ m.content }}{% endfor %}",
        "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}",
        "{% for m in messages %}{{ m.content }}{% else %}none{% endfor %}",
        "{% for m in messages %}{{ m.content }}{% endfor %}{% for m in messages %}{% endfor %}",
        "{% if true %}{% for m in messages %}{{ m.content }}{% endfor %}{% endif %}",
        "{% for m in messages %}{{ add_generation_prompt }}{% endfor %}",
        "{% set n = namespace(u=0) %}{% for m in messages %}{% set n.u = n.u + 1 %}{% endfor %}"
        "{{ n.u }}",
        "{% macro ends() %}{{ messages | length }}{% endmacro %}{% for m in messages %}{{ ends() }}"
        "{% endfor %}",
        "{% set messages = messages[1:] %}{% for m in messages %}{{ m.content }}{% endfor %}"}) {
    EXPECT_FALSE(is_turn_by_turn(body + tail)) << body;
  }
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
