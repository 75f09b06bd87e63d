// Ollama's paths from outside: answers, streams and errors as its clients read them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "serve/tiny_server_test.h"

namespace deepscaler {
namespace {

constexpr const char* kThinkingTemplate =
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}[assistant]<think>\n";

Json options() { return {{"temperature", 0}, {"seed", 7}, {"num_predict", 12}}; }

Json ollama_chat(bool streams) {
  return {{"model", "tiny:latest"}, {"messages", {{{"role", "user"}, {"content", "Hello"}}}},
          {"tools", Json::array()}, {"keep_alive", "5m"},
          {"options", options()},   {"stream", streams}};
}

TEST(OllamaServer, AStreamIsTheWholeAnswerInLines) {
  const TinyServer server;
  const Json whole = server.ask("/api/chat", ollama_chat(false));
  const Json openai =
      server.ask("/v1/chat/completions",
                 {{"messages", ollama_chat(false)["messages"]}, {"temperature", 0}, {"max_tokens", 12}});
  EXPECT_EQ(whole["message"]["content"], openai["choices"][0]["message"]["content"]);
  EXPECT_EQ(whole["message"]["role"], "assistant");
  EXPECT_EQ(whole["model"], "tiny");
  EXPECT_EQ(whole["done"], true);
  EXPECT_EQ(whole["done_reason"], openai["choices"][0]["finish_reason"]);
  EXPECT_EQ(whole["eval_count"], openai["usage"]["completion_tokens"]);
  EXPECT_EQ(whole["prompt_eval_count"], openai["usage"]["prompt_tokens"]);
  for (const char* key : {"total_duration", "load_duration", "prompt_eval_duration", "eval_duration"})
    EXPECT_TRUE(whole[key].is_number_integer()) << key;

  Json request = ollama_chat(true);
  request.erase("stream");  // streams, unasked
  const auto answer = server.post("/api/chat", request.dump());
  EXPECT_EQ(answer->get_header_value("Content-Type"), "application/x-ndjson");
  std::istringstream lines(answer->body);
  std::string content;
  Json last;
  for (std::string line; std::getline(lines, line);) {
    if (!last.is_null()) {
      EXPECT_EQ(last["done"], false);
    }
    last = Json::parse(line);
    content += last["message"]["content"];
  }
  EXPECT_EQ(content, whole["message"]["content"]);
  EXPECT_EQ(last["done"], true);
  EXPECT_EQ(last["eval_count"], whole["eval_count"]);
}

TEST(OllamaServer, Generates) {
  const TinyServer server;
  const auto generate = [&](const Json& changes) {
    Json request = {{"model", "tiny"}, {"options", options()}, {"stream", false}};
    request.update(changes);
    return server.ask("/api/generate", request);
  };
  const Json chat = server.ask("/api/chat", ollama_chat(false));
  EXPECT_EQ(generate({{"prompt", "Hello"}})["response"], chat["message"]["content"]);
  const Json raw = generate({{"prompt", "[user]Hello<|endoftext|>[assistant]"}, {"raw", true}});
  EXPECT_EQ(raw["response"], chat["message"]["content"]);
  EXPECT_EQ(raw["prompt_eval_count"], chat["prompt_eval_count"]);
  const Json with_system = generate({{"prompt", "Hello"}, {"system", "Be brief."}});
  EXPECT_GT(with_system["prompt_eval_count"], raw["prompt_eval_count"]);
  // Clients load models so.
  for (const char* path : {"/api/generate", "/api/chat"}) {
    const Json loaded = server.ask(path, {{"model", "tiny"}});
    EXPECT_EQ(loaded["done_reason"], "load");
    EXPECT_EQ(loaded["done"], true);
  }
}

TEST(OllamaServer, ThoughtsAreApartOrNotThere) {
  const TinyServer server({}, random_model(), kThinkingTemplate);
  Json request = ollama_chat(false);
  const Json thinking = server.ask("/api/chat", request)["message"];
  EXPECT_EQ(thinking["content"], "");
  EXPECT_FALSE(thinking["thinking"].get<std::string>().empty());
  request["think"] = false;
  const Json answer = server.ask("/api/chat", request);
  EXPECT_FALSE(answer["message"].contains("thinking"));
  EXPECT_FALSE(answer["message"]["content"].get<std::string>().empty());
  request["think"] = "low";
  EXPECT_TRUE(server.ask("/api/chat", request)["message"].contains("thinking"));
}

constexpr const char* kCallTemplate =
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% for c in m.tool_calls or [] %}"
    "({{ c.function.arguments | tojson }}){% endfor %}{% endfor %}";

// A conversation in which f has been called with these arguments.
Json called_with(const Json& arguments) {
  const Json call = {{"function", {{"name", "f"}, {"arguments", arguments}}}};
  const Json messages = {{{"role", "user"}, {"content", "x"}},
                         {{"role", "assistant"}, {"content", ""}, {"tool_calls", Json::array({call})}},
                         {{"role", "tool"}, {"content", "3"}, {"tool_name", "f"}}};
  return {{"messages", messages}, {"stream", false}, {"options", {{"num_predict", 1}}}};
}

TEST(OllamaServer, ACallOfAToolComesBackAsAnObjectOrAText) {
  const TinyServer server({}, random_model(), kCallTemplate);
  EXPECT_EQ(server.ask("/api/chat", called_with({{"b", 1}}))["done"], true);
  const auto rendered = [&](const Json& arguments) -> std::string {
    return server.ask("/apply-template", called_with(arguments))["prompt"];
  };
  const char* as_object = R"([user]x[assistant]({"b": 1, "a": [2]})[tool]3)";
  EXPECT_EQ(rendered({{"b", 1}, {"a", {2}}}), as_object);
  EXPECT_EQ(rendered(R"({"b": 1, "a": [2]})"), as_object);
  // What is no JSON stays a text.
  for (const std::string& text : {std::string("b = 1"), std::string(100'000, '[')})
    EXPECT_EQ(rendered(text), "[user]x[assistant](" + Json(text).dump() + ")[tool]3");
  const Json deep = called_with(std::string(100'000, '[') + std::string(100'000, ']'));
  EXPECT_EQ(server.post("/api/chat", deep.dump())->status, 400);
  const auto refused = server.post("/api/chat", R"({"messages": [{"role": "assistant", "tool_calls": )"
                                                R"([{"function": {"name": "f", "arguments": 3}}]}]})");
  EXPECT_EQ(refused->status, 400);
  EXPECT_EQ(Json::parse(refused->body)["error"],
            "tool_calls.function.arguments is neither an object nor a text");
}

TEST(OllamaServer, TellsOfTheModel) {
  const TinyServer server({}, random_model(), kThinkingTemplate);
  const Json tags = Json::parse(server.client().Get("/api/tags")->body);
  ASSERT_EQ(tags["models"].size(), 1u);
  EXPECT_EQ(tags["models"][0]["name"], "tiny");
  EXPECT_EQ(tags["models"][0]["digest"], server.served->hash);
  EXPECT_EQ(tags["models"][0]["details"]["family"], "llama");
  const Json show = server.ask("/api/show", {{"model", "tiny"}});
  EXPECT_EQ(show["template"], kThinkingTemplate);
  EXPECT_EQ(show["model_info"]["llama.context_length"], 2048);
  EXPECT_EQ(show["capabilities"], Json::array({"completion"}));
  EXPECT_FALSE(Json::parse(server.client().Get("/api/version")->body)["version"].get<std::string>().empty());
}

TEST(OllamaServer, ErrorsAreATextOfTheirOwn) {
  const TinyServer server;
  const auto refusal = [&](const std::string& path, const std::string& body) {
    const auto answer = server.post(path, body);
    return std::to_string(answer->status) + " " + Json::parse(answer->body)["error"].get<std::string>();
  };
  EXPECT_EQ(refusal("/api/chat", R"({"model": "other"})"),
            "404 there is no such model; this server has tiny");
  EXPECT_EQ(refusal("/api/show", R"({"model": "/etc/passwd"})"),
            "404 there is no such model; this server has tiny");
  EXPECT_EQ(refusal("/api/generate", R"({"prompt": "x", "options": {"temperature": -1}})"),
            "400 temperature is not from 0 to 100");
  EXPECT_EQ(refusal("/api/generate", R"({"prompt": "x", "template": "{{ x }}"})"),
            "400 template is not supported");
  EXPECT_EQ(
      refusal("/api/chat", R"({"messages": [{"role": "user", "content": "x", "images": ["/etc/passwd"]}]})"),
      "400 messages.images is not supported");
  EXPECT_EQ(refusal("/api/pull", R"({"model": "http://example.org/x"})").substr(0, 4), "404 ");
  EXPECT_EQ(server.client().Get("/api/chat")->status, 405);
  EXPECT_EQ(Json::parse(server.client().Get("/api/tags", {{"Host", "evil.example"}})->body)["error"],
            "the Host header is no name of this machine's loopback; ask localhost");
}

}  // namespace
}  // namespace deepscaler
