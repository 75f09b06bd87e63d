#include "data/prompt.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"

namespace deepscaler {
namespace {

TEST(Prompt, PutsTheProblemInItsPlace) {
  EXPECT_EQ(make_prompt(kPromptTemplate, "What is {1} + 2?"),
            "What is {1} + 2? Let's think step by step and output the final answer within \\boxed{}.");
  EXPECT_EQ(make_prompt("Q: {problem}\nA:", "{problem}"), "Q: {problem}\nA:");
}

TEST(Prompt, RefusesATemplateWithoutPlace) {
  EXPECT_THROW((void)make_prompt("Solve it.", "1 + 1"), Error);
  PromptConfig config;
  try {
    read_config_text("text = 'Solve it.'", "r.toml", {},
                     [&](ConfigSection& section) { bind(section, config); });
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "r.toml:1: \"text\" does not contain {problem}; put {problem} where the problem belongs");
  }
}

TEST(Prompt, WhatTheChatTemplateGetsBesideMessages) {
  EXPECT_EQ(PromptConfig().variables().dump(), "{}");
  const PromptConfig config = {.tools = R"([{"name": "f", "args": {"z": 1, "a": 2}}])",
                               .chat_template_kwargs = R"({"effort": "low"})",
                               .enable_thinking = false};
  EXPECT_EQ(config.variables().dump(),
            R"({"effort":"low","enable_thinking":false,"tools":[{"name":"f","args":{"z":1,"a":2}}]})");
  const auto refusal = [](const PromptConfig& bad) -> std::string {
    try {
      (void)bad.variables();
      return "accepted";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(refusal({.tools = "{}"}), "prompt: \"tools\" is not a list; correct it, or leave it out");
  EXPECT_EQ(refusal({.chat_template_kwargs = "[1]"}),
            "prompt: \"chat_template_kwargs\" is not an object; correct it, or leave it out");
  EXPECT_EQ(refusal({.chat_template_kwargs = R"({"messages": []})"}),
            "prompt: \"chat_template_kwargs\" holds \"messages\", which is not its to set; leave it out");
  EXPECT_EQ(refusal({.tools = "["}),
            "prompt.tools: not valid JSON at byte 2; check that the file is complete");
}

}  // namespace
}  // namespace deepscaler
