#include "text/tokenizer/vocabulary_builder.h"

#include "base/error.h"
#include "formats/excerpt.h"
#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

constexpr const char* kDamaged = "the file is damaged; get it again";

}  // namespace

void VocabularyBuilder::add_token(std::string_view token, int64_t id) {
  const std::string& where = definition_.where;
  if (token.empty()) throw Error(where, fmt::format("the token with id {} is empty", id), kDamaged);
  if (valid_utf8_prefix(token) != token.size()) {
    throw Error(where, "token " + excerpt(token) + " is not valid UTF-8", kDamaged);
  }
  if (id < 0 || static_cast<uint64_t>(id) >= id_limit_) {
    throw Error(where, fmt::format("token {} has the id {}, out of range", excerpt(token), id), kDamaged);
  }
  const auto index = static_cast<size_t>(id);
  const auto [known, is_new] = ids_.emplace(token, static_cast<TokenId>(id));
  if (!is_new && known->second != id) {
    throw Error(where, fmt::format("token {} has two ids, {} and {}", excerpt(token), known->second, id),
                kDamaged);
  }
  auto& tokens = definition_.tokens;
  if (tokens.size() <= index) tokens.resize(index + 1);
  if (!tokens[index].empty() && tokens[index] != token) {
    throw Error(where, fmt::format("id {} stands for {} and {}", id, excerpt(tokens[index]), excerpt(token)),
                kDamaged);
  }
  tokens[index] = token;
}

void VocabularyBuilder::add_merge(std::string_view left, std::string_view right) {
  const TokenId left_id = require(left, "a merge");
  const TokenId right_id = require(right, "a merge");
  definition_.merges.push_back(
      {left_id, right_id, require(std::string(left) + std::string(right), "a merge")});
}

void VocabularyBuilder::add_merge(std::string_view pair) {
  const size_t space = pair.find(' ');
  if (space == std::string_view::npos || pair.find(' ', space + 1) != std::string_view::npos) {
    throw Error(definition_.where, "merge " + excerpt(pair) + " is not two tokens with a space between",
                kDamaged);
  }
  add_merge(pair.substr(0, space), pair.substr(space + 1));
}

std::optional<TokenId> VocabularyBuilder::find(std::string_view token) const {
  const auto found = ids_.find(std::string(token));
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

TokenId VocabularyBuilder::require(std::string_view token, const char* role) const {
  const auto id = find(token);
  if (!id) {
    throw Error(definition_.where, fmt::format("{} names {}, which is no token", role, excerpt(token)),
                kDamaged);
  }
  return *id;
}

}  // namespace deepscaler
