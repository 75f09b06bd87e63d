// From a problem to the text of the user's turn, and what stands before it.
#pragma once

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
};

void bind(ConfigSection& section, PromptConfig& config);

// The user's turn for a problem: `text` with its `{problem}` replaced. Throws Error where it has none.
[[nodiscard]] std::string make_prompt(std::string_view text, std::string_view problem);

}  // namespace deepscaler
