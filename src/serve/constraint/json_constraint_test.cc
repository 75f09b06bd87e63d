// Answers that are written along a schema at random: each that ends is JSON and valid, and there is always a
// way on.
#include "serve/constraint/json_constraint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "base/error.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

JsonSchema compiled(const char* schema) { return JsonSchema::compile(Json::parse(schema), "schema"); }

size_t characters(const std::string& text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

bool is_valid(const Json& value, const Json& schema);

bool is_valid_object(const Json& value, const Json& schema) {
  const Json properties = schema.value("properties", Json::object());
  for (const Json& key : schema.value("required", Json::array()))
    if (!value.contains(key.get<std::string>())) return false;
  const Json others = schema.value("additionalProperties", Json(true));
  for (const auto& [key, inner] : value.items()) {
    if (!properties.contains(key) && others == false) return false;
    if (!is_valid(inner, properties.contains(key) ? properties[key] : others)) return false;
  }
  return true;
}

// As the specification says, for the subset.
bool is_valid(const Json& value, const Json& schema) {
  if (schema.is_boolean()) return schema.get<bool>();
  if (schema.contains("anyOf"))
    return std::ranges::any_of(schema["anyOf"], [&](const Json& one) { return is_valid(value, one); });
  if (schema.contains("const")) return value == schema["const"];
  if (schema.contains("enum")) return std::ranges::count(schema["enum"], value) > 0;
  if (!schema.contains("type")) return true;
  const Json& type = schema["type"];
  if (type.is_array()) {
    return std::ranges::any_of(type, [&](const Json& one) {
      Json single = schema;
      single["type"] = one;
      return is_valid(value, single);
    });
  }
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_boolean();
  if (type == "number") return value.is_number();
  if (type == "integer") return value.is_number_integer();
  if (type == "string") {
    if (!value.is_string()) return false;
    const size_t length = characters(value.get<std::string>());
    return length >= schema.value("minLength", size_t{0}) && length <= schema.value("maxLength", SIZE_MAX);
  }
  if (type == "object") return value.is_object() && is_valid_object(value, schema);
  return value.is_array() && value.size() >= schema.value("minItems", size_t{0}) &&
         value.size() <= schema.value("maxItems", SIZE_MAX) &&
         std::ranges::all_of(
             value, [&](const Json& item) { return is_valid(item, schema.value("items", Json(true))); });
}

class Draws {
 public:
  explicit Draws(uint32_t seed) : random_(seed) {}
  size_t below(size_t bound) { return random_() % bound; }

 private:
  std::mt19937 random_;
};

Json random_schema(Draws& draws, int levels) {
  static const Json kLeaves = Json::parse(R"([{"type": "string", "maxLength": 5}, {"type": "number"},
    {"type": "string", "minLength": 2, "maxLength": 3}, {"type": "integer"}, {"type": "boolean"},
    {"type": "null"}, {"enum": ["a", "ab", "\"\\u00e9", 1, 12, 1.5, -3, null, true]}, {"const": "x\ny"},
    {"type": ["string", "null"], "maxLength": 2}, true,
    {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "boolean"}, "maxItems": 2}]}])");
  const size_t kind = levels == 0 ? 0 : draws.below(4);
  if (kind == 0) return kLeaves[draws.below(kLeaves.size())];
  if (kind == 1) {
    const size_t least = draws.below(3);
    return {{"type", "array"},
            {"items", random_schema(draws, levels - 1)},
            {"minItems", least},
            {"maxItems", least + draws.below(3)}};
  }
  if (kind == 2 && draws.below(3) == 0)
    return {{"type", "object"}, {"additionalProperties", random_schema(draws, levels - 1)}};
  Json schema = {{"type", "object"}, {"properties", Json::object()}, {"required", Json::array()}};
  for (const char* key : {"a", "ab", "abc", "b\"", "\u00e9", ""}) {
    if (draws.below(2) == 0) continue;
    schema["properties"][key] = random_schema(draws, levels - 1);
    if (draws.below(2) == 0) schema["required"].push_back(key);
  }
  schema["additionalProperties"] = draws.below(2) == 0;
  return schema;
}

// A walk of random bytes. Once it is long, the way to the end is taken: closing bytes first, never a space.
std::string walk(const JsonSchema& schema, Draws& draws) {
  JsonProgress progress(schema);
  std::string text;
  for (;;) {
    std::vector<char> bytes;
    for (int byte = 0; byte < 256; ++byte) {
      JsonProgress next = progress;
      if (next.push(static_cast<char>(byte))) bytes.push_back(static_cast<char>(byte));
    }
    const bool is_long = text.size() > 300;
    if (progress.is_whole() && (bytes.empty() || is_long || draws.below(3) == 0)) return text;
    EXPECT_FALSE(bytes.empty()) << text;
    if (bytes.empty() || text.size() > 20000) return text;
    char byte = bytes[draws.below(bytes.size())];
    if (is_long || draws.below(2) == 0) {
      for (const char close : {'}', ']', '"'})
        if (std::ranges::count(bytes, close) > 0) byte = close;
    }
    EXPECT_TRUE(progress.push(byte));
    text += byte;
  }
}

TEST(JsonConstraint, WhatIsWrittenAlongASchemaIsValid) {
  Draws draws(1);
  for (int i = 0; i < 300; ++i) {
    const Json given = random_schema(draws, 3);
    const JsonSchema schema = JsonSchema::compile(given, "schema");
    for (int w = 0; w < 4; ++w) {
      const std::string text = walk(schema, draws);
      ASSERT_TRUE(Json::accept(text)) << given << "\n" << text;
      ASSERT_TRUE(is_valid(Json::parse(text), given)) << given << "\n" << text;
    }
  }
  for (int i = 0; i < 100; ++i) {
    const std::string text = walk(JsonSchema::any_object(), draws);
    ASSERT_TRUE(Json::accept(text)) << text;
    ASSERT_TRUE(Json::parse(text).is_object()) << text;
  }
}

// How many bytes of the text are taken, and whether it is whole then.
std::string taken(const JsonSchema& schema, const std::string& text) {
  JsonProgress progress(schema);
  for (size_t i = 0; i < text.size(); ++i)
    if (!progress.push(text[i])) return "refused at " + std::to_string(i);
  return progress.is_whole() ? "whole" : "goes on";
}

TEST(JsonConstraint, TakesWhatIsValidAndNothingElse) {
  const JsonSchema object = JsonSchema::any_object();
  EXPECT_EQ(taken(object, "\n {\"a\" : [1, -2.5e-3 ,{}],\"\\u00e9\\ud7ff\xc3\xa9\":null }"), "whole");
  EXPECT_EQ(taken(object, "{} "), "refused at 2");
  EXPECT_EQ(taken(object, "[1]"), "refused at 0");
  EXPECT_EQ(taken(object, "{\"a\":01"), "refused at 6");
  EXPECT_EQ(taken(object, "{\"a\":1,}"), "refused at 7");
  EXPECT_EQ(taken(object, "{\"\\ud8"), "refused at 5");
  EXPECT_EQ(taken(object, "{\"\xe0\x80"), "refused at 3");
  EXPECT_EQ(taken(object, "{\"\xed\xa0"), "refused at 3");
  EXPECT_EQ(taken(object, "{\"\xf4\x90"), "refused at 3");
  EXPECT_EQ(taken(object, "{\"\n"), "refused at 2");
  EXPECT_EQ(taken(object, "{" + std::string(64, ' ') + "}"), "whole");
  EXPECT_EQ(taken(object, "{" + std::string(65, ' ')), "refused at 65");
  std::string deep = "{\"a\":";
  EXPECT_EQ(taken(object, deep + std::string(15, '[') + "1" + std::string(15, ']') + "}"), "whole");
  EXPECT_EQ(taken(object, deep + std::string(16, '[')), "refused at 20");

  const JsonSchema keys = compiled(R"({"type": "object", "properties": {"a": {"type": "integer"},
    "ab": true, "c": {"type": "string", "maxLength": 1}}, "required": ["ab"], "additionalProperties": false})");
  EXPECT_EQ(taken(keys, R"({"ab":1})"), "whole");
  EXPECT_EQ(taken(keys, R"({"a": 1, "ab": {}, "c": "\u0041"})"), "whole");
  EXPECT_EQ(taken(keys, "{}"), "refused at 1");
  EXPECT_EQ(taken(keys, R"({"c")"), "refused at 2");
  EXPECT_EQ(taken(keys, R"({"ab":1,"a")"), "refused at 9");
  EXPECT_EQ(taken(keys, R"({"a":1.)"), "refused at 6");
  EXPECT_EQ(taken(keys, R"({"a":1})"), "refused at 6");
  EXPECT_EQ(taken(keys, "{\"ab\":1,\"c\":\"\xc3\xa9\"}"), "whole");
  EXPECT_EQ(taken(keys, R"({"ab":1,"c":"xy)"), "refused at 14");

  const JsonSchema numbers = compiled(R"({"enum": [12, 1, 1.5]})");
  EXPECT_EQ(taken(numbers, "1"), "whole");
  EXPECT_EQ(taken(numbers, "1."), "goes on");
  EXPECT_EQ(taken(numbers, "13"), "refused at 1");
  const JsonSchema referred = compiled(R"({"$defs": {"P": {"type": "boolean"}}, "type": "array",
    "items": {"$ref": "#/$defs/P"}, "minItems": 1, "maxItems": 2})");
  EXPECT_EQ(taken(referred, "[true, false]"), "whole");
  EXPECT_EQ(taken(referred, "[]"), "refused at 1");
  EXPECT_EQ(taken(referred, "[true,true,"), "refused at 10");
}

TEST(JsonConstraint, WhatIsOutsideOfTheSubsetIsNamed) {
  const auto refusal = [](const std::string& schema) -> std::string {
    try {
      (void)JsonSchema::compile(Json::parse(schema), "schema");
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_EQ(refusal("[]"), "schema: is no schema; give an object");
  EXPECT_EQ(refusal(R"({"type": "object", "properties": {"a": {"type": "string", "pattern": "x"}}})"),
            "schema.properties.a: has pattern, which this server lacks here; leave it out");
  EXPECT_EQ(refusal(R"({"type": "array", "items": {"type": "integer", "minimum": 1}})"),
            "schema.items: has minimum, which this server lacks here; leave it out");
  EXPECT_EQ(refusal(R"({"oneOf": []})"), "schema: has oneOf, which this server lacks here; leave it out");
  EXPECT_EQ(
      refusal(R"({"type": "float"})"),
      "schema.type: is no type of JSON Schema; give object, array, string, number, integer, boolean or null");
  EXPECT_EQ(refusal(R"({"anyOf": [{"type": "string"}, {"enum": ["a"]}]})"),
            "schema.anyOf: has two alternatives that begin with \"; give alternatives of different types");
  EXPECT_EQ(refusal(R"({"enum": []})"), "schema.enum: is no list of 1 to 256 values; give one");
  EXPECT_EQ(refusal(R"({"enum": [{}]})"),
            "schema.enum: has an object or a list; give texts, numbers, true, false or null");
  EXPECT_EQ(refusal(R"({"type": "string", "enum": ["a", 1]})"),
            "schema.enum: has 1, which is not of the type; leave it out");
  EXPECT_EQ(refusal(R"({"type": "object", "required": ["a"]})"),
            "schema.required: has \"a\", which is no key of properties; add it to properties");
  EXPECT_EQ(refusal(R"({"type": "array", "minItems": 3, "maxItems": 2})"),
            "schema.minItems: is above maxItems; give a smaller one");
  EXPECT_EQ(refusal(R"({"type": "string", "maxLength": -1})"),
            "schema.maxLength: is no whole number from 0 to 1048576; give one");
  EXPECT_EQ(refusal(R"({"$ref": "#/$defs/A"})"),
            "schema.$ref: names no entry of the schema's $defs; give \"#/$defs/NAME\"");
  EXPECT_NE(
      refusal(R"({"$defs": {"A": {"type": "array", "items": {"$ref": "#/$defs/A"}}}, "$ref": "#/$defs/A"})")
          .find("is more than 16 levels deep, or refers to itself"),
      std::string::npos);
  EXPECT_EQ(refusal("{\"title\": \"" + std::string(1 << 16, 'x') + "\"}"),
            "schema: has more than 65536 bytes; give a smaller one");
  std::string twice = R"({"$defs": {"A0": {"type": "string"})";
  for (int i = 1; i < 12; ++i) {
    const std::string below = "{\"$ref\": \"#/$defs/A" + std::to_string(i - 1) + "\"}";
    twice += ", \"A" + std::to_string(i) + "\": {\"type\": \"object\", \"properties\": {\"a\": " + below +
             ", \"b\": " + below + "}}";
  }
  EXPECT_NE(refusal(twice + R"(}, "$ref": "#/$defs/A7"})").find("none"), std::string::npos);
  EXPECT_NE(refusal(twice + R"(}, "$ref": "#/$defs/A8"})").find("levels deep"), std::string::npos);
}

std::string said(ConstrainedResponse& response, const std::string& text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<int32_t>(static_cast<uint8_t>(text[i]));
    if (!std::ranges::binary_search(response.allowed(), byte)) return "refused at " + std::to_string(i);
    response.advance(byte);
  }
  return std::ranges::binary_search(response.allowed(), kByteTokenizerEos) ? "may end" : "goes on";
}

TEST(JsonConstraint, HoldsAfterTheThoughts) {
  const Tokenizer tokenizer = byte_tokenizer();
  const TokenTable table(tokenizer, 257, {kByteTokenizerEos});
  table.require_all_bytes();
  const JsonConstraint at_once(table, compiled(R"({"const": 1})"), ThoughtsBefore::kMayCome);
  EXPECT_EQ(said(*at_once.begin(), "1"), "may end");
  EXPECT_EQ(said(*at_once.begin(), "<"), "refused at 0");
  const JsonConstraint after(table, compiled(R"({"const": 1})"), ThoughtsBefore::kOpened);
  EXPECT_EQ(said(*after.begin(), "so { </think"), "goes on");
  EXPECT_EQ(said(*after.begin(), "so { </think>\n\n1"), "may end");
  EXPECT_EQ(said(*after.begin(), "so { </think>\n\n2"), "refused at 15");
  const auto whole = at_once.begin();
  EXPECT_EQ(said(*whole, "1"), "may end");
  EXPECT_EQ(whole->allowed().size(), 1u);
}

// The walk in the order of bytes, and what is counted within strings, leave what each token alone says.
TEST(JsonConstraint, ATableAllowsWhatItsBytesAllow) {
  const std::filesystem::path folder = std::filesystem::path(DEEPSCALER_GOLDENS) / "tokenizer/smollm";
  const Tokenizer tokenizer = Tokenizer::load(folder);
  const auto size = static_cast<int32_t>(tokenizer.size());
  const int32_t end = *tokenizer.eos();
  const TokenTable table(tokenizer, size + 10, {end});
  EXPECT_THROW(TokenTable(tokenizer, size, {}).require_all_bytes(), Error);
  Draws draws(3);
  size_t within_strings = 0;
  for (int i = 0; i < 20; ++i) {
    const JsonSchema schema = JsonSchema::compile(random_schema(draws, 2), "schema");
    const std::string text = walk(schema, draws).substr(0, 30);
    JsonProgress progress(schema);
    for (char byte : text) {
      std::vector<int32_t> expected;
      for (int32_t token = 0; token < size; ++token) {
        JsonProgress next = progress;
        const auto takes = [&](char c) { return next.push(c); };
        const bool is_text = !tokenizer.is_added(token) && !tokenizer.token_bytes(token).empty();
        if ((is_text && std::ranges::all_of(tokenizer.token_bytes(token), takes)) ||
            (token == end && progress.is_whole()))
          expected.push_back(token);
      }
      within_strings += progress.room_in_string() ? 1 : 0;
      ASSERT_EQ(table.allowed(progress), expected);
      ASSERT_TRUE(progress.push(byte));
    }
  }
  EXPECT_GT(within_strings, 10u);
}

}  // namespace
}  // namespace deepscaler
