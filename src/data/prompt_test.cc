#include "data/prompt.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace deepscaler
