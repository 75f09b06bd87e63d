// Answers of a given form from outside: JSON that is valid from a model whose answers are noise, and what is
// refused.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "serve/tiny_server_test.h"

namespace deepscaler {
namespace {

constexpr const char* kOpenedThoughts = "{% for m in messages %}{{ m.content }}{% endfor %}<think>\n";

Json json_request(const Json& format, int64_t seed, int64_t most = 400) {
  return {{"messages", {{{"role", "user"}, {"content", "x"}}}},
          {"seed", seed},
          {"temperature", 1},
          {"max_tokens", most},
          {"response_format", format}};
}

Json schema_format(const char* schema) {
  return {{"type", "json_schema"},
          {"json_schema", {{"name", "answer"}, {"strict", true}, {"schema", Json::parse(schema)}}}};
}

const char* const kPerson = R"({"type": "object", "properties": {"name": {"type": "string", "maxLength": 8},
  "age": {"type": "integer"}, "tags": {"type": "array", "items": {"enum": ["a", "bc"]}, "maxItems": 3},
  "of": {"type": ["boolean", "null"]}}, "required": ["name", "age", "tags", "of"],
  "additionalProperties": false})";

void expect_person(const Json& person) {
  ASSERT_EQ(person.size(), 4u);
  EXPECT_TRUE(person["name"].is_string());
  EXPECT_TRUE(person["age"].is_number_integer());
  EXPECT_LE(person["tags"].size(), 3u);
  for (const Json& tag : person["tags"]) EXPECT_TRUE(tag == "a" || tag == "bc");
  EXPECT_TRUE(person["of"].is_boolean() || person["of"].is_null());
}

// Noise comes to an end where few bytes may come, or those that end are made likely.
TEST(JsonAnswers, AreValidOrCutAtTheirLength) {
  const TinyServer server;
  int64_t whole = 0;
  for (int64_t seed = 0; seed < 30; ++seed) {
    const Json choice =
        server.ask("/v1/chat/completions", json_request(schema_format(kPerson), seed))["choices"][0];
    const std::string content = choice["message"]["content"];
    if (choice["finish_reason"] == "length") continue;
    ++whole;
    ASSERT_EQ(choice["finish_reason"], "stop");
    ASSERT_TRUE(Json::accept(content)) << content;
    expect_person(Json::parse(content));
  }
  EXPECT_GT(whole, 25);
  whole = 0;
  for (int64_t seed = 0; seed < 10; ++seed) {
    Json request = json_request({{"type", "json_object"}}, seed);
    request["logit_bias"] = {{"34", 3}, {"125", 3}};
    const Json choice = server.ask("/v1/chat/completions", request)["choices"][0];
    if (choice["finish_reason"] == "length") continue;
    ++whole;
    EXPECT_TRUE(Json::parse(choice["message"]["content"].get<std::string>()).is_object());
  }
  EXPECT_GT(whole, 5);
  const Json cut =
      server.ask("/v1/chat/completions", json_request(schema_format(kPerson), 1, 5))["choices"][0];
  EXPECT_EQ(cut["finish_reason"], "length");
}

TEST(JsonAnswers, AreTheSameAloneAndAmongOthers) {
  const TinyServer server;
  const auto request = [](int64_t seed) {
    Json request = json_request(seed % 2 == 0 ? schema_format(kPerson) : Json{{"type", "text"}}, seed, 60);
    request["logprobs"] = true;
    request["n"] = 2;
    return request;
  };
  std::vector<Json> alone(8), together(8);
  for (size_t i = 0; i < alone.size(); ++i)
    alone[i] = server.ask("/v1/chat/completions", request(static_cast<int64_t>(i)))["choices"];
  {
    std::vector<std::jthread> clients;
    for (size_t i = 0; i < together.size(); ++i) {
      clients.emplace_back([&, i] {
        together[i] = server.ask("/v1/chat/completions", request(static_cast<int64_t>(i)))["choices"];
      });
    }
  }
  EXPECT_EQ(alone, together);
}

// What is thought is free; the answer after it is not.
TEST(JsonAnswers, ComeAfterTheThoughts) {
  const TinyServer server({}, random_model(), kOpenedThoughts);
  Json request = json_request(schema_format(R"({"enum": ["yes", "no"]})"), 3, 300);
  for (const char byte : std::string("</think>")) request["logit_bias"][std::to_string(int{byte})] = 6;
  // Noise closes its thoughts by chance alone.
  const Json open = server.ask("/v1/chat/completions", request)["choices"][0];
  EXPECT_EQ(open["finish_reason"], "length");
  EXPECT_EQ(open["message"]["content"], "");
  EXPECT_FALSE(open["message"]["reasoning_content"].get<std::string>().empty());
  const Json ollama = server.ask("/api/chat", {{"messages", request["messages"]},
                                               {"format", Json::parse(R"({"enum": ["yes", "no"]})")},
                                               {"think", false},
                                               {"stream", false},
                                               {"options", {{"seed", 1}, {"num_predict", 90}}}});
  const std::string content = ollama["message"]["content"];
  EXPECT_TRUE(Json::parse(content) == "yes" || Json::parse(content) == "no") << content;
}

TEST(JsonAnswers, OllamasFormatIsTheSame) {
  const TinyServer server;
  for (const char* path : {"/api/chat", "/api/generate"}) {
    Json request = {{"format", Json::parse(kPerson)},
                    {"stream", false},
                    {"options", {{"seed", 3}, {"temperature", 1}, {"num_predict", 400}}}};
    if (std::string(path) == "/api/chat")
      request["messages"] = {{{"role", "user"}, {"content", "x"}}};
    else
      request["prompt"] = "x";
    const Json answer = server.ask(path, request);
    ASSERT_EQ(answer["done_reason"], "stop");
    expect_person(Json::parse(
        (answer.contains("message") ? answer["message"]["content"] : answer["response"]).get<std::string>()));
    request["format"] = "json";
    request["options"]["num_predict"] = 4;
    EXPECT_EQ(server.ask(path, request)["done_reason"], "length");
  }
}

TEST(JsonAnswers, WhatIsNotSupportedIsNamed) {
  const TinyServer server;
  const auto refusal = [&](const char* format) {
    const auto answer = server.post("/v1/chat/completions", json_request(Json::parse(format), 1, 2).dump());
    return std::to_string(answer->status) + " " +
           Json::parse(answer->body)["error"]["message"].get<std::string>();
  };
  EXPECT_EQ(refusal(R"({"type": "grammar"})"),
            "400 response_format.type is not text, json_object or json_schema");
  EXPECT_EQ(refusal(R"({"type": "json_schema"})"),
            "400 response_format.json_schema is missing, or has no schema");
  EXPECT_EQ(refusal(R"({"type": "json_schema", "json_schema": {"schema": {"type": "object",
                        "properties": {"a": {"type": "integer", "minimum": 1}}}}})"),
            "400 response_format.json_schema.schema.properties.a: has minimum, which this server lacks here; "
            "leave it out");
  const auto completion = server.post("/v1/completions", R"({"prompt": "x", "response_format": {}})");
  EXPECT_EQ(Json::parse(completion->body)["error"]["message"],
            "response_format is not supported; ask /v1/chat/completions");
  const auto ollama =
      server.post("/api/chat", R"({"messages": [{"role": "user", "content": "x"}], "format": "xml"})");
  EXPECT_EQ(ollama->status, 400);
  EXPECT_EQ(Json::parse(ollama->body)["error"], "format is neither \"json\" nor a schema");
}

}  // namespace
}  // namespace deepscaler
