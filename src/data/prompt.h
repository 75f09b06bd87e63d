// From a problem to the text of the user's turn, and what stands before it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace deepscaler {

class ConfigSection;

// DeepScaleR's wording. `{problem}` stands for the problem; other braces are text.
inline constexpr const char* kPromptTemplate =
    "{problem} Let's think step by step and output the final answer within \\boxed{}.";

struct PromptConfig {
  std::string text = kPromptTemplate;
  std::string system;  // the system message; empty: what the model's chat template has for that
  // What the chat template gets beside the messages; each is JSON, empty for none.
  std::string tools;                    // a list of function descriptions
  std::string chat_template_kwargs;     // an object of variables
  std::optional<bool> enable_thinking;  // the variable of that name
  std::string date;                     // what strftime_now() tells, "2026-01-31"; empty: today

  // tools, chat_template_kwargs and enable_thinking as variables. Throws Error naming the key for what is not
  // such JSON.
  [[nodiscard]] nlohmann::ordered_json variables() const;
};

void bind(ConfigSection& section, PromptConfig& config);

// The variables of a chat template that an object names: {"tools", "chat_template_kwargs", "enable_thinking",
// "documents"}, all of them optional. Throws Error naming `where`.
[[nodiscard]] nlohmann::ordered_json template_variables_in(const nlohmann::ordered_json& object,
                                                           const std::string& where);

// The user's turn for a problem: `text` with its `{problem}` replaced. Throws Error where it has none.
[[nodiscard]] std::string make_prompt(std::string_view text, std::string_view problem);

}  // namespace deepscaler
