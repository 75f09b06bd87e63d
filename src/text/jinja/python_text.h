// Python's methods on strings, as chat templates call them. Texts are valid UTF-8; positions and
// counts are in characters.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deepscaler::jinja {

[[nodiscard]] bool is_python_space(char32_t code);  // str.isspace of one character

// Without white space, or without the characters of `chars`, at both ends or one.
[[nodiscard]] std::string_view strip(std::string_view text, std::optional<std::string_view> chars = {});
[[nodiscard]] std::string_view strip_left(std::string_view text, std::optional<std::string_view> chars = {});
[[nodiscard]] std::string_view strip_right(std::string_view text, std::optional<std::string_view> chars = {});

// str.split and str.rsplit; without a separator at runs of white space. `limit` counts cuts.
[[nodiscard]] std::vector<std::string> split(std::string_view text, std::optional<std::string_view> separator,
                                             std::optional<size_t> limit);
[[nodiscard]] std::vector<std::string> split_from_right(std::string_view text,
                                                        std::optional<std::string_view> separator,
                                                        std::optional<size_t> limit);
[[nodiscard]] std::vector<std::string> split_lines(std::string_view text);

[[nodiscard]] std::string replace(std::string_view text, std::string_view from, std::string_view to,
                                  std::optional<size_t> limit);
[[nodiscard]] size_t count_text(std::string_view text, std::string_view part);

// Letter by letter, by Unicode's simple mappings.
[[nodiscard]] std::string upper(std::string_view text);
[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] std::string capitalize(std::string_view text);
[[nodiscard]] std::string title(std::string_view text);  // str.title: each run of letters for itself

[[nodiscard]] size_t count_characters(std::string_view text);
// The byte at which character `index` starts, or the end.
[[nodiscard]] size_t byte_of_character(std::string_view text, size_t index);

}  // namespace deepscaler::jinja
