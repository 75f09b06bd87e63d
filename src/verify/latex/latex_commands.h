// What a LaTeX command is to the reader of answers: a style to drop, a space, text, a mark, or a symbol
// under one of its names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace deepscaler {

struct LatexCommand {
  enum class Role : uint8_t {
    symbol,  // `spelling` is the one name that the grammar knows
    mark,    // `spelling` is the mark that it stands for
    text,    // its argument is running text
    space,
    dropped,                // says only how things look
    dropped_with_argument,  // ... and so does its argument
  };
  Role role = Role::symbol;
  std::string_view spelling;  // lives as long as `name`, or for ever
};

// `name` without the backslash.
[[nodiscard]] LatexCommand latex_command(std::string_view name);

// The bytes of `name` that are the command: less than all where letters are glued to a space or an operator.
[[nodiscard]] size_t glued_command_length(std::string_view name);

}  // namespace deepscaler
