// Collects tokens and merges from a file and refuses what does not fit together.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "text/tokenizer/tokenizer_definition.h"

namespace deepscaler {

// How the first line of a merges.txt begins. Some converters stored it as a merge.
inline constexpr std::string_view kMergesHeader = "#version:";

class VocabularyBuilder {
 public:
  // Fills `definition`, which must outlive this object and whose `where` names the file in errors.
  // No id may reach `id_limit`, which keeps one absurd id from asking for all memory.
  VocabularyBuilder(TokenizerDefinition& definition, size_t id_limit)
      : definition_(definition), id_limit_(id_limit) {}

  // Throws Error where the id is out of range or taken, or the token has another id.
  void add_token(std::string_view token, int64_t id);

  // A merge written as the two tokens; they and their joining must be in the vocabulary, or Error
  // is thrown.
  void add_merge(std::string_view left, std::string_view right);
  // A merge written as one string with a space between the two tokens.
  void add_merge(std::string_view pair);

  [[nodiscard]] std::optional<TokenId> find(std::string_view token) const;
  // The token's id. Where the vocabulary lacks the token, throws Error, whose message names `role`.
  [[nodiscard]] TokenId require(std::string_view token, const char* role) const;

 private:
  TokenizerDefinition& definition_;
  size_t id_limit_;
  std::unordered_map<std::string, TokenId> ids_;
};

}  // namespace deepscaler
