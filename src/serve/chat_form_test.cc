// The form of an answer with calls of tools, which a model of noise does not make.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "serve/openai/chat.h"
#include "serve/tiny_server_test.h"

namespace deepscaler {
namespace {

TEST(ChatForm, CallsOfTools) {
  const Model model = random_model();
  const Tokenizer tokenizer =
      chat_tokenizer("{{ tools | tojson }}<tool_call>{% for m in messages %}{{ m.content }}{% endfor %}");
  const ServedModel served(model, tokenizer, "tiny");
  const Json request = {{"messages", {{{"role", "user"}, {"content", "x"}}}},
                        {"tools", {{{"type", "function"}, {"function", {{"name", "f"}}}}}}};
  AnswerOrder order = order_chat(served, request, 0);
  ASSERT_EQ(order.readings[0].tool_calls, ToolCallFormat::kTagged);
  Answer answer;
  answer.prompts.push_back({.tokens = order.questions[0].request.prompt});
  answer.choices.push_back({.text = {tokenizer, *order.questions[0].stop, order.readings[0]}});
  AnswerChoice& choice = answer.choices[0];
  choice.tool_calls = {{"f", R"({"a":1})"}, {"g", "{}"}};
  choice.finish = FinishReason::kStop;
  const Json whole = Json::parse(order.form->whole(answer))["choices"][0];
  EXPECT_EQ(whole["finish_reason"], "tool_calls");
  EXPECT_TRUE(whole["message"]["content"].is_null());
  ASSERT_EQ(whole["message"]["tool_calls"].size(), 2u);
  const Json first = whole["message"]["tool_calls"][0], second = whole["message"]["tool_calls"][1];
  EXPECT_EQ(first["type"], "function");
  EXPECT_EQ(first["function"], (Json{{"name", "f"}, {"arguments", R"({"a":1})"}}));
  EXPECT_NE(first["id"], second["id"]);

  // In a stream each call is whole.
  const std::string event = order.form->go_on(answer, {.part = {.tool_calls = {{"g", "{}"}}}});
  const Json delta = Json::parse(event.substr(6))["choices"][0]["delta"];
  EXPECT_EQ(delta["tool_calls"][0]["index"], 1);
  EXPECT_EQ(delta["tool_calls"][0]["id"], second["id"]);
  EXPECT_EQ(delta["tool_calls"][0]["function"]["name"], "g");
  EXPECT_NE(order.form->finish(answer, 0, 0).find(R"("finish_reason":"tool_calls")"), std::string::npos);

  Json none = request;
  none["tool_choice"] = "none";
  EXPECT_FALSE(order_chat(served, none, 0).readings[0].tool_calls);
  none["tool_choice"] = "required";
  EXPECT_THROW((void)order_chat(served, none, 0), RequestError);
}

}  // namespace
}  // namespace deepscaler
