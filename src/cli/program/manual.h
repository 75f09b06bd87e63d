// What tells people of the program outside of it, written from its own commands and options: the manual page,
// and completions for shells.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace deepscaler {

// In roff, for man(1): section 1.
[[nodiscard]] std::string man_page(const CLI::App& app);

// Scripts that a shell reads at its start.
[[nodiscard]] std::string bash_completion(const CLI::App& app);
[[nodiscard]] std::string zsh_completion(const CLI::App& app);
[[nodiscard]] std::string fish_completion(const CLI::App& app);

}  // namespace deepscaler
