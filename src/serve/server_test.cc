// The server from outside, with a tiny model whose answers are noise.
#include "serve/server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "serve/http/raw_client_test.h"
#include "serve/tiny_server_test.h"

namespace deepscaler {
namespace {

// All of an answer but what names it and what was cached.
Json kernel_of(Json answer) {
  for (const char* key : {"id", "created"}) answer.erase(key);
  answer["usage"].erase("prompt_tokens_details");
  return answer;
}

TEST(Server, TheSameRequestHasTheSameAnswerAloneAndAmongMany) {
  const TinyServer server;
  const Json request = chat_request(std::string(150, 'a') + "What is 2 + 3?");
  const Json alone = server.ask("/v1/chat/completions", request);
  const Json cached = server.ask("/v1/chat/completions", request);
  EXPECT_EQ(alone["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
  EXPECT_GT(cached["usage"]["prompt_tokens_details"]["cached_tokens"], 100);
  EXPECT_EQ(kernel_of(alone), kernel_of(cached));

  const TinyServer busy;
  std::vector<Json> answers(64);
  std::vector<std::thread> clients;
  for (int i = 0; i < 64; ++i) {
    clients.emplace_back([&, i] {
      Json other = chat_request(std::string(static_cast<size_t>(10 + 4 * i), 'a'), i);
      other["n"] = 1 + i % 3;
      answers[i] = busy.ask("/v1/chat/completions", i == 40 ? request : other);
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(kernel_of(answers[40]), kernel_of(alone));
}

TEST(Server, AStreamIsTheWholeAnswerInPieces) {
  const TinyServer server;
  Json request = chat_request("Hello");
  request["n"] = 2;
  const Json whole = server.ask("/v1/chat/completions", request);
  request["stream"] = true;
  request["stream_options"] = {{"include_usage", true}};
  const auto answer = server.post("/v1/chat/completions", request.dump());
  EXPECT_EQ(answer->get_header_value("Content-Type"), "text/event-stream");
  std::vector<std::string> contents(2), finishes(2);
  std::vector<Json> log_probs(2, Json::array()), tokens(2, Json::array());
  Json usage;
  std::istringstream lines(answer->body);
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    ASSERT_TRUE(line.starts_with("data: ")) << line;
    last = line.substr(6);
    if (last == "[DONE]") continue;
    const Json event = Json::parse(last);
    EXPECT_EQ(event["object"], "chat.completion.chunk");
    if (event.contains("usage")) usage = event["usage"];
    for (const Json& choice : event["choices"]) {
      const size_t i = choice["index"];
      contents[i] += choice["delta"].value("content", "");
      if (choice.contains("logprobs")) {
        for (const Json& token : choice["logprobs"]["content"]) log_probs[i].push_back(token);
        for (const Json& token : choice["token_ids"]) tokens[i].push_back(token);
      }
      if (!choice["finish_reason"].is_null()) finishes[i] = choice["finish_reason"];
    }
  }
  EXPECT_EQ(last, "[DONE]");
  for (size_t i = 0; i < 2; ++i) {
    const Json& choice = whole["choices"][i];
    EXPECT_EQ(contents[i], choice["message"]["content"]);
    EXPECT_EQ(log_probs[i], choice["logprobs"]["content"]);
    EXPECT_EQ(tokens[i], choice["token_ids"]);
    EXPECT_EQ(tokens[i].size(), 30u);
    EXPECT_EQ(finishes[i], "length");
  }
  EXPECT_EQ(usage["completion_tokens"], 60);
}

// What lm-eval asks: the same numbers, whichever way they are asked for.
TEST(Server, ScoresAreThoseOfTheResponse) {
  const TinyServer server;
  const Json chat = server.ask("/v1/chat/completions", chat_request("Hello"));
  std::vector<int32_t> tokens = chat["prompt_token_ids"];
  const size_t prompt = tokens.size();
  for (const Json& token : chat["choices"][0]["token_ids"]) tokens.push_back(token);
  const Json score = server.ask("/v1/score", {{"input", tokens}, {"top_logprobs", 2}})["data"][0];
  const Json echo = server.ask("/v1/completions", {{"prompt", {tokens, "Hello"}},
                                                   {"max_tokens", 1},
                                                   {"temperature", 0},
                                                   {"logprobs", 1},
                                                   {"echo", true}});
  ASSERT_EQ(echo["choices"].size(), 2u);
  const Json lists = echo["choices"][0]["logprobs"];
  ASSERT_EQ(lists["token_logprobs"].size(), tokens.size() + 1);
  EXPECT_TRUE(score["log_probs"][0].is_null());
  EXPECT_TRUE(lists["token_logprobs"][0].is_null());
  for (size_t i = 0; i < 30; ++i) {
    const Json& drawn = chat["choices"][0]["logprobs"]["content"][i];
    EXPECT_EQ(score["log_probs"][prompt + i], drawn["logprob"]);
    EXPECT_EQ(lists["token_logprobs"][prompt + i], drawn["logprob"]);
    EXPECT_EQ(score["top_logprobs"][prompt + i][1]["logprob"], drawn["top_logprobs"][1]["logprob"]);
    EXPECT_EQ(lists["top_logprobs"][prompt + i].begin().value(), drawn["top_logprobs"][0]["logprob"]);
  }
  const Json none =
      server.ask("/v1/completions", {{"prompt", "ab"}, {"max_tokens", 0}, {"logprobs", 0}, {"echo", true}});
  EXPECT_EQ(none["choices"][0]["text"], "ab");
  EXPECT_EQ(none["choices"][0]["logprobs"]["tokens"], (Json{"a", "b"}));
  EXPECT_EQ(none["choices"][0]["logprobs"]["text_offset"], (Json{0, 1}));
}

TEST(Server, FieldsOfSamplingDoWhatTheySay) {
  const TinyServer server;
  const auto text_of_request = [&](const Json& changes) {
    Json request = {{"prompt", "Hello"}, {"max_tokens", 20}, {"seed", 3}, {"ignore_eos", true}};
    request.update(changes);
    return server.ask("/v1/completions", request)["choices"][0];
  };
  const Json a = {{"logit_bias", {{"97", 100}}}};
  EXPECT_EQ(text_of_request(a)["text"], std::string(20, 'a'));
  EXPECT_EQ(text_of_request(a)["finish_reason"], "length");
  Json request = a;
  request["stop"] = {"zz", "aaa"};
  EXPECT_EQ(text_of_request(request)["text"], "");
  EXPECT_EQ(text_of_request(request)["finish_reason"], "stop");
  request["logit_bias"]["98"] = 90;
  request["temperature"] = 0;
  request["frequency_penalty"] = 2;  // after some 5 of the one the other is as likely
  request["stop"] = "b";
  const std::string few = text_of_request(request)["text"];
  EXPECT_TRUE(few.size() > 2 && few.size() < 9) << few;
  request["max_completion_tokens"] = 1;
  EXPECT_EQ(text_of_request(request)["text"], "a");
  const Json two = server.ask("/v1/completions", {{"prompt", {"x", "y"}}, {"n", 2}, {"max_tokens", 3}});
  ASSERT_EQ(two["choices"].size(), 4u);
  EXPECT_EQ(two["choices"][3]["index"], 3);
  EXPECT_TRUE(two["seed"].is_number_integer());
}

TEST(Server, ControlTokensInMessagesAreText) {
  const TinyServer server;
  Json request = chat_request("a<|endoftext|>b");
  const Json answer = server.ask("/v1/chat/completions", request);
  EXPECT_EQ(std::ranges::count(answer["prompt_token_ids"], Json(256)), 1);
  EXPECT_EQ(server.ask("/apply-template", request)["prompt"],
            "[user]a<|endoftext|>b<|endoftext|>[assistant]");
  EXPECT_EQ(server.ask("/tokenize", {{"content", "<|endoftext|>"}})["tokens"].size(), 13u);
  EXPECT_EQ(server.ask("/detokenize", {{"tokens", {72, 105}}})["content"], "Hi");
}

TEST(Server, RefusesWhatIsOutOfRange) {
  const TinyServer server;
  const auto refusal = [&](const std::string& changes, const std::string& path = "/v1/chat/completions") {
    Json request = path == "/v1/chat/completions" ? Json{{"messages", {{{"role", "user"}, {"content", "x"}}}}}
                                                  : Json{{"prompt", "x"}, {"input", "x"}};
    request["max_tokens"] = 2;
    request.update(Json::parse(changes));
    const auto answer = server.post(path, request.dump());
    return std::to_string(answer->status) + " " +
           Json::parse(answer->body)["error"]["message"].get<std::string>();
  };
  EXPECT_EQ(refusal(R"({"temperature": -1})"), "400 temperature is not from 0 to 100");
  EXPECT_EQ(refusal(R"({"temperature": "hot"})"), "400 temperature is no number");
  EXPECT_EQ(refusal(R"({"n": 1000000000})"), "400 n is not from 1 to 128");
  EXPECT_EQ(refusal(R"({"n": 1.5})"), "400 n is no whole number");
  EXPECT_EQ(refusal(R"({"top_logprobs": 3})"), "400 top_logprobs needs logprobs");
  EXPECT_EQ(refusal(R"({"logprobs": true, "top_logprobs": 21})"), "400 top_logprobs is not from 0 to 20");
  EXPECT_EQ(refusal(R"({"stop": ""})"), "400 stop is an empty text; leave it out");
  EXPECT_EQ(refusal(R"({"logit_bias": {"257": 1}})"),
            "400 logit_bias has a key that is no token number from 0 to 256");
  EXPECT_EQ(refusal(R"({"messages": []})"), "400 messages is missing or empty; give at least one");
  EXPECT_EQ(refusal(R"({"messages": [{"role": "god", "content": "x"}]})"),
            "400 messages[0].role is not system, developer, user, assistant or tool");
  EXPECT_EQ(
      refusal(
          R"({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "file:///x"}]}]})"),
      "400 content.type is not \"text\": this server reads text alone");
  EXPECT_EQ(refusal(R"({"chat_template_kwargs": {"messages": "x"}})"),
            "400 chat_template_kwargs holds messages, which is not its to set");
  EXPECT_EQ(refusal(R"({"model": "../../secret"})"), "404 there is no such model; this server has tiny");
  EXPECT_EQ(refusal(R"({"max_tokens": 9223372036854775807})"),
            "400 the prompt has 19 tokens and the response may have 9223372036854775807, but there is room "
            "for 2048 "
            "together; shorten the prompt or lower max_tokens");
  EXPECT_EQ(refusal(R"({"prompt": ""})", "/v1/completions"), "400 prompt is empty; give at least one token");
  EXPECT_EQ(refusal(R"({"prompt": [257]})", "/v1/completions"),
            "400 prompt holds something that is no token number from 0 to 256");
  EXPECT_EQ(refusal(R"({"max_tokens": 0})", "/v1/completions"),
            "400 max_tokens is 0, and nothing else is asked for");
  EXPECT_EQ(refusal(R"({"best_of": 3})", "/v1/completions"),
            "400 best_of is not supported; ask for n responses and choose");
  for (const char* body : {"", "[", "[]", "null", "{\"model\": 1, \"model\": 2}", "\xff"}) {
    EXPECT_EQ(server.post("/v1/completions", body)->status, 400) << body;
  }
  EXPECT_EQ(
      server.post("/v1/completions", "{\"prompt\": " + std::string(200, '[') + std::string(200, ']') + "}")
          ->status,
      400);
  // temperature 0 with top_p 0, and the longest that fits.
  EXPECT_EQ(refusal(R"({"temperature": 0, "top_p": 0, "max_tokens": 2030})"),
            "400 the prompt has 19 tokens and the response may have 2030, but there is room for 2048 "
            "together; shorten "
            "the prompt or lower max_tokens");
  EXPECT_EQ(server.ask("/v1/completions",
                       {{"prompt", std::string(2047, 'x')}, {"max_tokens", 1}})["usage"]["prompt_tokens"],
            2047);
  EXPECT_EQ(server.client().Get("/health")->status, 200);
}

TEST(Server, PathsAndMethods) {
  const TinyServer server;
  auto client = server.client();
  EXPECT_EQ(client.Get("/health")->body, R"({"status":"ok"})");
  EXPECT_EQ(Json::parse(client.Get("/v1/models")->body)["data"][0]["id"], "tiny");
  EXPECT_EQ(Json::parse(client.Get("/v1/models/tiny")->body)["id"], "tiny");
  for (const char* path : {"/v1/models/other", "/chat.html", "/../etc/passwd", "/v1/models/../../etc/passwd",
                           "/v1/embeddings"}) {
    EXPECT_EQ(client.Get(path)->status, 404) << path;
  }
  EXPECT_EQ(client.Get("/v1/chat/completions")->status, 405);
  EXPECT_EQ(client.Post("/health", "{}", "application/json")->status, 405);
  EXPECT_EQ(client.Post("/v1/completions", "{}", "text/plain")->status, 415);
  EXPECT_EQ(client.Get("/health", {{"Host", "evil.example"}})->status, 403);
  EXPECT_EQ(client.Options("/v1/completions")->status, 204);
}

TEST(Server, AFullQueueSaysWhenToComeAgain) {
  const TinyServer server({.most_open = 1});
  const RawClient first(server.server->port());
  const std::string body = R"({"prompt": "x", "max_tokens": 2000, "ignore_eos": true, "stream": true})";
  first.send(
      fmt::format("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                  "Content-Length: {}\r\n\r\n{}",
                  body.size(), body));
  ASSERT_TRUE(first.read("data: ").starts_with("HTTP/1.1 200"));
  const auto second = server.post("/v1/completions", R"({"prompt": "x"})");
  EXPECT_EQ(second->status, 429);
  EXPECT_EQ(second->get_header_value("Retry-After"), "1");
  EXPECT_EQ(server.metric("requests_refused_total"), 1);
}

TEST(Server, AClientThatGoesFreesItsPlace) {
  const TinyServer server;
  for (const char* stream : {"true", "false"}) {
    const int64_t before = server.metric("requests_abandoned_total");
    {
      const RawClient client(server.server->port());
      const std::string body = fmt::format(
          R"({{"prompt": "x", "max_tokens": 2000, "n": 8, "ignore_eos": true, "stream": {}}})", stream);
      client.send(
          fmt::format("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      "Content-Length: {}\r\n\r\n{}",
                      body.size(), body));
      while (server.metric("samples_running") == 0) std::this_thread::yield();
    }
    while (server.metric("requests_open") > 0) std::this_thread::yield();
    EXPECT_EQ(server.metric("requests_abandoned_total"), before + 1);
  }
  EXPECT_LT(server.metric("generated_tokens_total"), 2 * 16000);
}

// A damaged row of the embeddings: who asks with this token fails, who is beside goes on.
TEST(Server, OneThatFailsEndsAlone) {
  Model damaged = random_model();
  damaged.edit_weights()[77 * damaged.config().hidden] = std::numeric_limits<float>::quiet_NaN();
  const TinyServer server({}, std::move(damaged));
  // With tied embeddings every row's logits have the damage; the engine goes on all the same.
  for (int i = 0; i < 3; ++i) {
    const auto answer = server.post("/v1/completions", R"({"prompt": "x"})");
    EXPECT_EQ(answer->status, 500);
    EXPECT_EQ(Json::parse(answer->body)["error"]["type"], "server_error");
  }
  EXPECT_EQ(server.metric("requests_failed_total"), 3);
}

TEST(Server, KeysShareNoCache) {
  ServerOptions options;
  options.access.keys = {"alpha", "beta"};
  const TinyServer server(options);
  const Json request = chat_request(std::string(100, 'a'));
  const auto cached = [&](const char* key) -> int64_t {
    return server.ask(
        "/v1/chat/completions", request,
        {{"Authorization", std::string("Bearer ") + key}})["usage"]["prompt_tokens_details"]["cached_tokens"];
  };
  EXPECT_EQ(cached("alpha"), 0);
  EXPECT_GT(cached("alpha"), 90);
  EXPECT_EQ(cached("beta"), 0);
  EXPECT_EQ(server.post("/v1/chat/completions", request.dump())->status, 401);
  EXPECT_EQ(server.client().Get("/metrics")->status, 401);
  EXPECT_EQ(server.client().Get("/health")->status, 200);
}

// vLLM's CVE-2026-48746 and its like: a path that the key's check reads in another way than the dispatcher.
TEST(Server, NoPathGoesAroundTheKey) {
  ServerOptions options;
  options.access.keys = {"alpha"};
  const TinyServer server(options);
  for (const char* path :
       {"/v1/models", "/health/../v1/models", "//v1/models", "/v1/models/tiny", "/v1/models?/health",
        "/V1/models", "/v1/models/", "/metrics", "/metrics/health", "/api/tags", "/%2fhealth", "/nothing"}) {
    const RawClient client(server.server->port());
    client.send(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path));
    EXPECT_TRUE(client.read("\r\n").starts_with("HTTP/1.1 401")) << path;
  }
  for (const char* path : {"/v1/chat/completions", "/api/chat", "/api/show", "/health", "/", "/tokenize"})
    EXPECT_EQ(server.post(path, "{}")->status, 401) << path;
}

TEST(Server, ListsOfARequestAreBounded) {
  const TinyServer server;
  const auto refusal = [&](const char* path, const Json& changes) {
    Json request = {{"max_tokens", 2}};
    if (std::string_view(path) == "/v1/completions") request["prompt"] = "x";
    request.update(changes);
    const auto answer = server.post(path, request.dump());
    return std::to_string(answer->status) + " " +
           Json::parse(answer->body)["error"]["message"].get<std::string>();
  };
  Json biases = Json::object(), messages = Json::array(), prompts = Json::array(), tools = Json::array();
  for (int i = 0; i < 1025; ++i) biases[std::string(static_cast<size_t>(i), '0') + "1"] = 1;
  for (int i = 0; i < 4097; ++i) messages.push_back({{"role", "user"}, {"content", "x"}});
  for (int i = 0; i < 257; ++i) prompts.push_back("x");
  for (int i = 0; i < 129; ++i) tools.push_back({{"type", "function"}});
  const Json turn = Json::array({{{"role", "user"}, {"content", "x"}}});
  EXPECT_EQ(refusal("/v1/completions", {{"logit_bias", biases}}),
            "400 logit_bias has 1025 entries, more than 1024");
  EXPECT_EQ(refusal("/v1/completions", {{"stop", std::vector<std::string>(17, "x")}}),
            "400 stop has 17 entries, more than 16");
  EXPECT_EQ(refusal("/v1/completions", {{"stop", std::string(257, 'x')}}),
            "400 stop has more than 256 bytes");
  EXPECT_EQ(refusal("/v1/completions", {{"prompt", prompts}}), "400 prompt has 257 prompts, more than 256");
  EXPECT_EQ(refusal("/v1/completions", {{"prompt", {"x", "y", "z"}}, {"n", 100}}),
            "400 asks for 300 responses, more than 256");
  EXPECT_EQ(refusal("/v1/chat/completions", {{"messages", messages}}),
            "400 messages has 4097 entries, more than 4096");
  EXPECT_EQ(refusal("/v1/chat/completions", {{"messages", turn}, {"tools", tools}}),
            "400 tools has 129 entries, more than 128");
  EXPECT_EQ(
      refusal("/v1/chat/completions", {{"messages", turn}, {"chat_template_kwargs", {{"x", {{"y", 1}}}}}}),
      "400 chat_template_kwargs holds something that is no scalar");
  EXPECT_EQ(refusal("/v1/chat/completions", {{"messages", turn}, {"tool_choice", "required"}}),
            "400 tool_choice is neither \"auto\" nor \"none\": this server can't force a call");
  // What is asked stands in no counter.
  (void)server.ask("/v1/completions", {{"prompt", "my secret"}, {"max_tokens", 1}});
  EXPECT_EQ(server.client().Get("/metrics")->body.find("secret"), std::string::npos);
}

TEST(Server, ThePageIsOpenAndLoadsNothingElse) {
  ServerOptions options;
  options.access.keys = {"alpha"};
  const TinyServer server(options);
  const auto page = server.client().Get("/");
  ASSERT_EQ(page->status, 200);
  EXPECT_EQ(page->get_header_value("Content-Type"), "text/html; charset=utf-8");
  EXPECT_TRUE(
      page->get_header_value("Content-Security-Policy").starts_with("default-src 'none'; script-src 'self'"));
  for (const char* path : {"/chat.css", "/chat.js", "/markdown.js", "/math.js"}) {
    EXPECT_EQ(server.client().Get(path)->status, 200) << path;
    EXPECT_NE(page->body.find(path + 1), std::string::npos) << path;
  }
  EXPECT_EQ(page->body.find("http"), std::string::npos);
  EXPECT_EQ(server.client().Get("/chat.html")->status, 401);
}

TEST(Server, IsNotOpenToAllUnasked) {
  const Model model = random_model();
  const Tokenizer tokenizer = chat_tokenizer();
  const ServedModel served(model, tokenizer, "tiny");
  Generator generator(model, int64_t{1} << 20);
  try {
    const Server server(served, generator, {.host = "0.0.0.0", .port = 0});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "--host 0.0.0.0: other machines can reach this address, and no key is needed; give "
                 "--api-key-file, or "
                 "--open-to-all if everybody may ask");
  }
  const Server open(served, generator, {.host = "0.0.0.0", .port = 0}, true);
}

}  // namespace
}  // namespace deepscaler
