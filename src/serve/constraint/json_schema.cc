#include "serve/constraint/json_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;
using Kind = SchemaNode::Kind;

constexpr size_t kMostBytes = size_t{64} << 10, kMostNodes = 1024, kMostLiteralBytes = size_t{256} << 10;
constexpr size_t kMostAlternatives = 256;
constexpr int64_t kMostCount = 1 << 20;

// The nodes that every schema has.
enum Common : size_t { kAny, kAnyObject, kAnyArray, kAnyString, kAnyNumber, kAnyInteger, kAnyBoolean, kNull };

constexpr std::array<std::string_view, 7> kNotes = {"title",    "description", "default",   "examples",
                                                    "$comment", "$schema",     "deprecated"};

[[noreturn]] void refuse(const std::string& where, const std::string& fault, const std::string& remedy) {
  throw Error(where, fault, remedy);
}

// As it is sent, whatever its bytes.
std::string literal_of(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_of_type(const Json& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  return type == "null" && value.is_null();
}

}  // namespace

JsonSchema::JsonSchema() {
  nodes_.resize(kNull + 1);
  nodes_[kAny].children = {kAnyObject, kAnyArray, kAnyString, kAnyNumber, kAnyBoolean, kNull};
  nodes_[kAnyObject] = {.kind = Kind::kMap, .children = {kAny}};
  nodes_[kAnyArray] = {.kind = Kind::kArray, .children = {kAny}};
  nodes_[kAnyString].kind = Kind::kString;
  nodes_[kAnyNumber].kind = Kind::kNumber;
  nodes_[kAnyInteger].kind = Kind::kInteger;
  nodes_[kAnyBoolean] = {.kind = Kind::kLiterals, .literals = {"true", "false"}};
  nodes_[kNull] = {.kind = Kind::kLiterals, .literals = {"null"}};
}

bool JsonSchema::begins_with(size_t index, char byte) const {
  const SchemaNode& node = nodes_[index];
  switch (node.kind) {
    case Kind::kObject:
    case Kind::kMap:
      return byte == '{';
    case Kind::kArray:
      return byte == '[';
    case Kind::kString:
      return byte == '"';
    case Kind::kNumber:
    case Kind::kInteger:
      return byte == '-' || (byte >= '0' && byte <= '9');
    case Kind::kLiterals:
      return std::ranges::any_of(node.literals, [&](const std::string& text) { return text[0] == byte; });
    case Kind::kChoice:
      return std::ranges::any_of(node.children, [&](size_t child) { return begins_with(child, byte); });
  }
  return false;
}

class JsonSchema::Compiler {
 public:
  explicit Compiler(const Json& root) : root_(root) {}

  // `levels` of values, choices and references there are around it.
  size_t compile(const Json& schema, const std::string& where, size_t levels) {
    if (levels >= kMostSchemaLevels)
      refuse(where, fmt::format("is more than {} levels deep, or refers to itself", kMostSchemaLevels),
             "give a flatter schema");
    if (schema == true) return kAny;
    if (!schema.is_object()) refuse(where, "is no schema", "give an object");
    if (schema.contains("$ref")) return referred(schema, where, levels);
    if (schema.contains("anyOf")) return choice(schema, where, levels);
    if (schema.contains("const")) return literals(schema, "const", Json::array({schema["const"]}), where);
    if (schema.contains("enum")) return literals(schema, "enum", schema["enum"], where);
    if (!schema.contains("type")) {
      if (schema.contains("properties")) return of_type("object", schema, where, levels);
      take_only(schema, where, {});
      return kAny;
    }
    const Json& type = schema["type"];
    if (!type.is_array()) return of_type(type, schema, where, levels);
    return of_types(schema, where, levels);
  }

  JsonSchema take(size_t root) {
    result_.root_ = root;
    return std::move(result_);
  }

 private:
  size_t add(SchemaNode node, const std::string& where) {
    for (const std::string& text : node.literals) literal_bytes_ += text.size();
    if (result_.nodes_.size() >= kMostNodes || literal_bytes_ > kMostLiteralBytes)
      refuse(where, "makes the schema too large", "give a smaller one");
    result_.nodes_.push_back(std::move(node));
    return result_.nodes_.size() - 1;
  }

  // Throws for a keyword beside those.
  static void take_only(const Json& schema, const std::string& where, const std::set<std::string>& known) {
    for (const auto& [key, value] : schema.items()) {
      if (known.contains(key) || std::ranges::count(kNotes, key) > 0) continue;
      if (key == "$defs" || key == "definitions") continue;
      refuse(where, fmt::format("has {}, which this server lacks here", key), "leave it out");
    }
  }

  size_t referred(const Json& schema, const std::string& where, size_t levels) {
    take_only(schema, where, {"$ref"});
    const Json& name = schema["$ref"];
    for (const std::string defs : {"$defs", "definitions"}) {
      const std::string before = "#/" + defs + "/";
      if (!name.is_string() || !name.get_ref<const std::string&>().starts_with(before)) continue;
      const std::string key = name.get<std::string>().substr(before.size());
      const auto found = root_.find(defs);
      if (found != root_.end() && found->is_object() && found->contains(key))
        return compile((*found)[key], where, levels + 1);
    }
    refuse(where + ".$ref", "names no entry of the schema's $defs", "give \"#/$defs/NAME\"");
  }

  size_t choice(const Json& schema, const std::string& where, size_t levels) {
    take_only(schema, where, {"anyOf"});
    const Json& given = schema["anyOf"];
    if (!given.is_array() || given.empty() || given.size() > kMostAlternatives)
      refuse(where + ".anyOf", "is no list of 1 to 256 schemas", "give one");
    std::vector<size_t> children;
    for (size_t i = 0; i < given.size(); ++i)
      children.push_back(compile(given[i], fmt::format("{}.anyOf[{}]", where, i), levels + 1));
    return add_choice(std::move(children), where + ".anyOf");
  }

  size_t add_choice(std::vector<size_t> children, const std::string& where) {
    for (int byte = ' '; byte < 127; ++byte) {
      const auto begins = [&](size_t child) { return result_.begins_with(child, static_cast<char>(byte)); };
      if (std::ranges::count_if(children, begins) > 1)
        refuse(where, fmt::format("has two alternatives that begin with {}", static_cast<char>(byte)),
               "give alternatives of different types");
    }
    return add({.kind = Kind::kChoice, .children = std::move(children)}, where);
  }

  size_t literals(const Json& schema, const std::string& key, const Json& values, const std::string& where) {
    take_only(schema, where, {key, "type"});
    const std::string place = where + "." + key;
    if (!values.is_array() || values.empty() || values.size() > kMostAlternatives)
      refuse(place, "is no list of 1 to 256 values", "give one");
    std::vector<std::string> types;
    if (schema.contains("type"))
      for (const Json& type : schema["type"].is_array() ? schema["type"] : Json::array({schema["type"]}))
        if (type.is_string()) types.push_back(type);
    SchemaNode node = {.kind = Kind::kLiterals};
    for (const Json& value : values) {
      if (value.is_structured())
        refuse(place, "has an object or a list", "give texts, numbers, true, false or null");
      const auto is_of = [&](const std::string& type) { return is_of_type(value, type); };
      if (schema.contains("type") && std::ranges::none_of(types, is_of))
        refuse(place, fmt::format("has {}, which is not of the type", literal_of(value)), "leave it out");
      node.literals.push_back(literal_of(value));
    }
    return add(std::move(node), place);
  }

  // {"type": ["string", "null"], ...}: what else there is belongs to the one type that isn't null.
  size_t of_types(const Json& schema, const std::string& where, size_t levels) {
    const Json& types = schema["type"];
    std::vector<size_t> children;
    if (types.empty() || types.size() > 7) refuse(where + ".type", "is no list of types", "give one");
    const auto others = std::ranges::count_if(types, [](const Json& type) { return type != "null"; });
    for (const Json& type : types) {
      const Json bare = {{"type", type}};
      children.push_back(of_type(type, type == "null" || others > 1 ? bare : schema, where, levels + 1));
    }
    if (others != 1) take_only(schema, where, {"type"});
    return add_choice(std::move(children), where + ".type");
  }

  size_t of_type(const Json& type, const Json& schema, const std::string& where, size_t levels) {
    if (type == "object") return object(schema, where, levels);
    if (type == "array") return array(schema, where, levels);
    if (type == "string") {
      take_only(schema, where, {"type", "minLength", "maxLength"});
      SchemaNode node = {.kind = Kind::kString};
      read_bounds(schema, where, "minLength", "maxLength", node);
      return add(std::move(node), where);
    }
    take_only(schema, where, {"type"});
    if (type == "number") return kAnyNumber;
    if (type == "integer") return kAnyInteger;
    if (type == "boolean") return kAnyBoolean;
    if (type == "null") return kNull;
    refuse(where + ".type", "is no type of JSON Schema",
           "give object, array, string, number, integer, boolean or null");
  }

  size_t array(const Json& schema, const std::string& where, size_t levels) {
    take_only(schema, where, {"type", "items", "minItems", "maxItems"});
    SchemaNode node = {.kind = Kind::kArray, .children = {kAny}};
    read_bounds(schema, where, "minItems", "maxItems", node);
    if (schema.contains("items")) node.children = {compile(schema["items"], where + ".items", levels + 1)};
    return add(std::move(node), where);
  }

  size_t object(const Json& schema, const std::string& where, size_t levels) {
    take_only(schema, where, {"type", "properties", "required", "additionalProperties"});
    static const Json kNone = Json::object(), kNoNames = Json::array();
    const Json& properties = schema.contains("properties") ? schema["properties"] : kNone;
    const Json& required = schema.contains("required") ? schema["required"] : kNoNames;
    if (!properties.is_object()) refuse(where + ".properties", "is no object", "give a schema for each key");
    if (properties.size() > kMostAlternatives)
      refuse(where + ".properties", "has more than 256 keys", "give fewer");
    if (!required.is_array()) refuse(where + ".required", "is no list", "give keys of properties");
    for (const Json& name : required) {
      if (!name.is_string() || !properties.contains(name.get<std::string>()))
        refuse(where + ".required", fmt::format("has {}, which is no key of properties", literal_of(name)),
               "add it to properties");
    }
    // What others there may be: checked, also where the answer has none.
    size_t others = kAny;
    const bool has_others =
        !schema.contains("additionalProperties") || schema["additionalProperties"] != false;
    if (has_others && schema.contains("additionalProperties"))
      others = compile(schema["additionalProperties"], where + ".additionalProperties", levels + 1);
    if (properties.empty() && has_others) return add({.kind = Kind::kMap, .children = {others}}, where);
    SchemaNode node = {.kind = Kind::kObject};
    for (const auto& [key, value] : properties.items()) {
      node.children.push_back(compile(value, where + ".properties." + key, levels + 1));
      node.literals.push_back(literal_of(key));
      node.required.push_back(std::ranges::count(required, Json(key)) > 0);
    }
    return add(std::move(node), where);
  }

  static void read_bounds(const Json& schema, const std::string& where, const char* least, const char* most,
                          SchemaNode& node) {
    for (const char* key : {least, most}) {
      if (!schema.contains(key)) continue;
      const Json& value = schema[key];
      if (!value.is_number_integer() || value < 0 || value > kMostCount)
        refuse(where + "." + key, fmt::format("is no whole number from 0 to {}", kMostCount), "give one");
      (key == least ? node.least : node.most) = value.get<uint32_t>();
    }
    if (node.least > node.most)
      refuse(where + "." + least, fmt::format("is above {}", most), "give a smaller one");
  }

  const Json& root_;
  JsonSchema result_;
  size_t literal_bytes_ = 0;
};

JsonSchema JsonSchema::any_value() { return JsonSchema(); }

JsonSchema JsonSchema::any_object() {
  JsonSchema schema;
  schema.root_ = kAnyObject;
  return schema;
}

size_t JsonSchema::any_string() { return kAnyString; }

JsonSchema JsonSchema::compile(const Json& schema, const std::string& where) {
  if (literal_of(schema).size() > kMostBytes)
    refuse(where, fmt::format("has more than {} bytes", kMostBytes), "give a smaller one");
  Compiler compiler(schema);
  const size_t root = compiler.compile(schema, where, 0);
  return compiler.take(root);
}

}  // namespace deepscaler
