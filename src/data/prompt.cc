#include "data/prompt.h"

#include "base/config.h"
#include "base/error.h"

namespace deepscaler {
namespace {

constexpr std::string_view kPlace = "{problem}";

}  // namespace

void bind(ConfigSection& section, PromptConfig& config) {
  section.field("text", config.text, "the user's turn, in which {problem} stands for the problem");
  section.require(config.text.find(kPlace) != std::string::npos, "text", "does not contain {problem}",
                  "put {problem} where the problem belongs");
  section.field("system", config.system,
                "the system message; empty: what the model's chat template puts there by itself");
}

std::string make_prompt(std::string_view text, std::string_view problem) {
  const size_t place = text.find(kPlace);
  if (place == std::string_view::npos)
    throw Error("prompt", fmt::format("\"{}\" does not contain {{problem}}", text),
                "put {problem} where the problem belongs");
  return fmt::format("{}{}{}", text.substr(0, place), problem, text.substr(place + kPlace.size()));
}

}  // namespace deepscaler
