// Which keys of a model's files this program knows: what it does with each, in one table for config.json and
// one for GGUF files. A key that would change a number and is not computed is refused by name, unless it
// has the value at which it changes nothing.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace deepscaler {

class GgufFile;

// The keys of a config.json that are in no table; transformers' classes do not read them either. Throws
// Error naming `where` and the key for one that asks for what is not computed here.
[[nodiscard]] std::vector<std::string> check_config_keys(const nlohmann::json& config,
                                                         const std::string& where);
// The same of the object `name` in it that says how the rotary frequencies are scaled, by `type`: keys of
// other types are among those that nothing reads.
[[nodiscard]] std::vector<std::string> check_rope_keys(const nlohmann::json& rope, std::string_view type,
                                                       std::string_view name, const std::string& where);

// The same of a GGUF file: keys of its architecture must be known, those of its tokenizer that are not are
// given back, others describe the file.
[[nodiscard]] std::vector<std::string> check_gguf_keys(const GgufFile& file, std::string_view architecture);

}  // namespace deepscaler
