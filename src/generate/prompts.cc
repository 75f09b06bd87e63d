#include "generate/prompts.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/nearest.h"
#include "base/rng.h"
#include "formats/excerpt.h"
#include "formats/jsonl.h"

namespace deepscaler {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char* kForms =
    R"(a line is {"prompt": text}, {"messages": [...]} or {"token_ids": [...]}, with an optional "id")";
// What a line may hold beside its id: one of the first three, and for messages what the chat template gets.
constexpr const char* kTemplateKeys[] = {"tools", "documents", "chat_template_kwargs", "enable_thinking"};

EncodedPrompt encode_messages(const ordered_json& line, const std::string& where,
                              const PromptEncoder& encoder) {
  const ordered_json variables = template_variables_in(line, where);
  try {
    return encoder.encode_messages(line["messages"], variables);
  } catch (const Error& error) {
    throw Error(where, error.what(), "");
  }
}

void check_keys(const ordered_json& line, const std::string& where) {
  std::vector<std::string> known = {"prompt", "messages", "token_ids", "id"};
  known.insert(known.end(), std::begin(kTemplateKeys), std::end(kTemplateKeys));
  for (const auto& [key, value] : line.items()) {
    if (std::ranges::count(known, key) > 0) continue;
    throw Error(where, "unknown key " + excerpt(key), suggest_name(key, known));
  }
  for (const char* key : kTemplateKeys) {
    if (line.contains(key) && !line.contains("messages")) {
      throw Error(where, fmt::format("has \"{}\" without \"messages\"", key),
                  "only a chat template reads it");
    }
  }
}

Prompt read_prompt(const ordered_json& line, const std::string& where, const PromptEncoder& encoder) {
  const auto fail = [&](const char* what) { throw Error(where, what, kForms); };
  if (!line.is_object()) fail("is not an object");
  check_keys(line, where);
  if (line.contains("prompt") + line.contains("messages") + line.contains("token_ids") != 1) {
    fail("needs one of prompt, messages and token_ids");
  }
  EncodedPrompt encoded;
  if (line.contains("prompt")) {
    if (!line["prompt"].is_string()) fail("its prompt is not a string");
    const auto& text = line["prompt"].get_ref<const std::string&>();
    encoded = {encoder.encode_text(text, where), opens_think(text)};
  } else if (line.contains("messages")) {
    if (!line["messages"].is_array()) fail("its messages are not a list");
    if (line["messages"].empty()) fail("its list of messages is empty");
    encoded = encode_messages(line, where, encoder);
  } else {
    encoded.tokens = read_token_ids(line, "token_ids", where);
    encoded.opened_thinking = opens_think(encoder.tokenizer().decode(encoded.tokens));
  }
  if (encoded.tokens.empty()) fail("its prompt has no tokens");
  Prompt prompt{
      .tokens = std::move(encoded.tokens), .opened_thinking = encoded.opened_thinking, .where = where};
  if (line.contains("id")) prompt.id = line["id"].dump();
  return prompt;
}

}  // namespace

std::vector<TokenId> read_token_ids(const ordered_json& line, const char* key, const std::string& where) {
  const auto found = line.find(key);
  if (found == line.end() || !found->is_array()) {
    throw Error(where, fmt::format("\"{}\" is not a list of token numbers", key),
                "give whole numbers from 0");
  }
  std::vector<TokenId> tokens;
  for (const ordered_json& token : *found) {
    if (!token.is_number_integer() || token < 0 || token > std::numeric_limits<TokenId>::max()) {
      throw Error(where, fmt::format("\"{}\" holds something that is no token number", key),
                  "give whole numbers from 0");
    }
    tokens.push_back(token.get<TokenId>());
  }
  return tokens;
}

std::vector<Prompt> read_prompts(const std::filesystem::path& path, const PromptEncoder& encoder) {
  std::vector<Prompt> prompts;
  JsonlReader reader(path);
  for (ordered_json line; reader.next(line);) prompts.push_back(read_prompt(line, reader.where(), encoder));
  if (prompts.empty()) throw Error(path.string(), "has no prompts", "give at least one line");
  return prompts;
}

uint64_t stream_of(const Prompt& prompt) {
  // In alphabetical order: the order of an id's keys is no part of it.
  if (prompt.id != "null") return hash_name(json::parse(prompt.id).dump());
  return hash_name(
      {reinterpret_cast<const char*>(prompt.tokens.data()), prompt.tokens.size() * sizeof(TokenId)});
}

}  // namespace deepscaler
