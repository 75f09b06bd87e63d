#include "text/tokenizer/folder_tokens.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/error.h"
#include "formats/excerpt.h"
#include "formats/json_text.h"
#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kRemedy = "get the tokenizer's files again";
constexpr const char* kNamed[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                  "pad_token", "cls_token", "mask_token"};
constexpr const char* kLists[] = {"additional_special_tokens", "extra_special_tokens"};

json read_object(const fs::path& path) { return fs::exists(path) ? read_model_object(path) : json::object(); }

class Adder {
 public:
  Adder(TokenizerDefinition& definition, std::string where)
      : definition_(definition), where_(std::move(where)), id_limit_(2 * definition.tokens.size() + 1024) {
    for (size_t id = 0; id < definition.tokens.size(); ++id) {
      if (!definition.tokens[id].empty()) ids_.emplace(definition.tokens[id], static_cast<TokenId>(id));
    }
  }

  void set_place(std::string where) { where_ = std::move(where); }

  // A token as a string or as an object with its flags.
  TokenId add(const json& token, const char* key, bool special, std::optional<int64_t> id = {}) {
    const json& content = token.is_object() && token.contains("content") ? token["content"] : token;
    if (!content.is_string() || content.get_ref<const std::string&>().empty()) {
      throw Error(where_, fmt::format("'{}' holds something that is no token", key), "write it as a string");
    }
    const auto& text = content.get_ref<const std::string&>();
    if (valid_utf8_prefix(text) != text.size()) {
      throw Error(where_, fmt::format("'{}' holds what is not valid UTF-8", key), kRemedy);
    }
    const TokenId place = id_of(text, key, id);
    AddedToken& added = entry(place, text, special);
    added.special |= special;
    if (token.is_object()) set_flags(token, key, added);
    return place;
  }

 private:
  TokenId id_of(const std::string& text, const char* key, std::optional<int64_t> id) {
    if (const auto known = ids_.find(text); known != ids_.end()) return known->second;
    auto& tokens = definition_.tokens;
    const auto next = static_cast<int64_t>(tokens.size());
    // An id that is taken by another token goes to nobody: transformers gives the next one too.
    const int64_t place = id && *id >= next ? *id : next;
    if (place >= static_cast<int64_t>(id_limit_)) {
      throw Error(where_,
                  fmt::format("'{}' gives token {} the id {}, out of range", key, excerpt(text), place),
                  kRemedy);
    }
    tokens.resize(static_cast<size_t>(place) + 1);
    tokens.back() = text;
    ids_.emplace(text, static_cast<TokenId>(place));
    return static_cast<TokenId>(place);
  }

  AddedToken& entry(TokenId id, const std::string& text, bool special) {
    auto& added = definition_.added_tokens;
    const auto known = std::ranges::find(added, id, &AddedToken::id);
    if (known != added.end()) return *known;
    added.push_back({.id = id, .content = text, .normalized = !special});
    return added.back();
  }

  void set_flags(const json& token, const char* key, AddedToken& added) const {
    const auto set = [&](const char* name, bool& flag) {
      const auto found = token.find(name);
      if (found == token.end() || found->is_null()) return;
      if (!found->is_boolean()) {
        throw Error(
            where_,
            fmt::format("'{}': {} of {} is neither true nor false", key, name, excerpt(added.content)),
            kRemedy);
      }
      flag = found->get<bool>();
    };
    bool special = false;
    set("special", special);
    added.special |= special;
    set("lstrip", added.lstrip);
    set("rstrip", added.rstrip);
    set("single_word", added.single_word);
    set("normalized", added.normalized);
  }

  TokenizerDefinition& definition_;
  std::string where_;
  size_t id_limit_;  // one absurd id must not ask for all memory
  std::unordered_map<std::string, TokenId> ids_;
};

// In the order of their ids.
std::map<int64_t, json> tokens_by_id(const json& decoder, const std::string& where) {
  std::map<int64_t, json> tokens;
  if (!decoder.is_object()) throw Error(where, "'added_tokens_decoder' is not an object", kRemedy);
  for (const auto& [key, token] : decoder.items()) {
    int64_t id = -1;
    const auto [end, fault] = std::from_chars(key.data(), key.data() + key.size(), id);
    if (fault != std::errc() || end != key.data() + key.size() || id < 0) {
      throw Error(where, "'added_tokens_decoder' has the key " + excerpt(key) + ", which is no id", kRemedy);
    }
    tokens.emplace(id, token);
  }
  return tokens;
}

// added_tokens.json, turned around.
std::map<int64_t, json> tokens_of_file(const json& file, const std::string& where) {
  std::map<int64_t, json> tokens;
  for (const auto& [content, id] : file.items()) {
    if (!id.is_number_unsigned()) throw Error(where, "token " + excerpt(content) + " has no id", kRemedy);
    tokens.emplace(id.get<int64_t>(), content);
  }
  return tokens;
}

void add_special_list(const json& list, const char* key, const std::string& where, Adder& adder) {
  if (list.is_null()) return;
  if (!list.is_array() && !list.is_object()) {
    throw Error(where, fmt::format("'{}' is not a list of tokens", key), kRemedy);
  }
  for (const json& token : list) adder.add(token, key, true);
}

}  // namespace

void add_folder_tokens(const fs::path& folder, const json& config, TokenizerDefinition& definition) {
  const std::string where = (folder / "tokenizer_config.json").string();
  Adder adder(definition, where);
  json named = config;
  if (const auto decoder = config.find("added_tokens_decoder");
      decoder != config.end() && !decoder->is_null()) {
    for (const auto& [id, token] : tokens_by_id(*decoder, where)) {
      adder.add(token, "added_tokens_decoder", false, id);
    }
  } else {
    const fs::path added = folder / "added_tokens.json";
    adder.set_place(added.string());
    for (const auto& [id, token] : tokens_of_file(read_object(added), added.string())) {
      adder.add(token, "added_tokens.json", false, id);
    }
    const json map = read_object(folder / "special_tokens_map.json");
    for (const auto& [key, value] : map.items()) named[key] = value;
    adder.set_place(map.empty() ? where : (folder / "special_tokens_map.json").string());
  }
  std::optional<TokenId> ids[std::size(kNamed)];
  for (size_t i = 0; i < std::size(kNamed); ++i) {
    const auto found = named.find(kNamed[i]);
    if (found != named.end() && !found->is_null()) ids[i] = adder.add(*found, kNamed[i], true);
  }
  for (const char* key : kLists) add_special_list(named.value(key, json()), key, where, adder);
  definition.bos = ids[0];
  definition.eos = ids[1];
  definition.pad = ids[4];
}

}  // namespace deepscaler
