// A JSON Schema (draft 2020-12, a subset of it: docs/serve.md) as nodes that an answer is written along.
//
// An answer has the keys of `properties` in their order, those that are not required possibly left out, and
// no others. Only an object without `properties` has keys of its own choice.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace deepscaler {

inline constexpr size_t kMostSchemaLevels = 16;  // of values in one another, in a schema and in an answer

struct SchemaNode {
  enum class Kind { kObject, kMap, kArray, kString, kNumber, kInteger, kLiterals, kChoice };

  Kind kind = Kind::kChoice;
  std::vector<std::string> literals = {};  // kLiterals: the values; kObject: the keys; as JSON writes them
  std::vector<size_t> children =
      {};                           // kObject: a key each; kMap, kArray: of every value; kChoice: one of them
  std::vector<bool> required = {};  // kObject: a key each
  uint32_t least = 0, most = UINT32_MAX;  // kArray: items; kString: characters
};

// Immutable. No two of a choice's children begin with the same byte.
class JsonSchema {
 public:
  [[nodiscard]] static JsonSchema any_value();
  [[nodiscard]] static JsonSchema any_object();
  // Throws Error, which names the place from `where` on, for what is outside of the subset or the limits.
  [[nodiscard]] static JsonSchema compile(const nlohmann::ordered_json& schema, const std::string& where);

  [[nodiscard]] const SchemaNode& node(size_t index) const { return nodes_[index]; }
  [[nodiscard]] size_t root() const { return root_; }
  // The node of a text of any kind, which every schema has.
  [[nodiscard]] static size_t any_string();

  // Whether a value of that node may begin with the byte.
  [[nodiscard]] bool begins_with(size_t index, char byte) const;

 private:
  class Compiler;
  JsonSchema();  // with the nodes of any value

  std::vector<SchemaNode> nodes_;
  size_t root_ = 0;  // any value
};

}  // namespace deepscaler
