// The command line's options of a chat template.
#pragma once

#include "data/prompt.h"

namespace CLI {
class App;
}

namespace deepscaler {

// --tools, --chat-template-kwargs, --enable-thinking and --date.
void add_template_flags(CLI::App& command, PromptConfig& config);

}  // namespace deepscaler
