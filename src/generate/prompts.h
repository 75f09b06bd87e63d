// The prompts of a file: {"prompt": text}, {"messages": [...]} or {"token_ids": [...]} a line, with an
// optional "id"; beside messages "tools", "documents", "chat_template_kwargs" and "enable_thinking", which
// their chat template gets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/prompt_encoder.h"

namespace deepscaler {

struct Prompt {
  std::string id = "null";  // as JSON
  std::vector<TokenId> tokens;
  bool opened_thinking = false;  // it ends inside <think>
  std::string where;             // "file:line", for messages
};

// At least one. Throws Error naming the line for anything else than the above.
[[nodiscard]] std::vector<Prompt> read_prompts(const std::filesystem::path& path,
                                               const PromptEncoder& encoder);

// What the random numbers of a prompt go by: its id where it has one, else its tokens; so order and
// neighbours in the file do not matter.
[[nodiscard]] uint64_t stream_of(const Prompt& prompt);

// The token numbers of a list in a line. Throws Error with `where` for anything else.
[[nodiscard]] std::vector<TokenId> read_token_ids(const nlohmann::ordered_json& line, const char* key,
                                                  const std::string& where);

}  // namespace deepscaler
