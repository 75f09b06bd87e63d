#include "cli/template_flags.h"

#include <CLI/CLI.hpp>

namespace deepscaler {

void add_template_flags(CLI::App& command, PromptConfig& config) {
  command.add_option("--tools", config.tools, "what the chat template gets as tools, a JSON list");
  command.add_option("--chat-template-kwargs", config.chat_template_kwargs,
                     "more variables of the chat template, a JSON object");
  command.add_option("--enable-thinking", config.enable_thinking,
                     "true or false: the chat template's variable of that name");
  command.add_option("--date", config.date,
                     "the day that a chat template is told, as 2026-01-31 (default: today)");
}

}  // namespace deepscaler
