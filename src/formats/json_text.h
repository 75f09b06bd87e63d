// Strict JSON from outside. An object that names a key twice is refused, since readers differ in which one
// counts. So is nesting so deep that work on the value could exhaust the stack. Memory is at most a fixed
// multiple of the text.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace deepscaler {

// Throws Error with `where` and the byte at which the text stops being JSON.
[[nodiscard]] nlohmann::json parse_json(std::string_view text, const std::string& where);

// Parses JSON as parse_json() does, for records that people wrote. Keys stay in their order, which chat
// templates show. An integer of more than 64 bits is refused, since it would become a number close to it.
[[nodiscard]] nlohmann::ordered_json parse_record(std::string_view text, const std::string& where);

// A JSON object of a model's files, which nobody wrote by hand: its errors tell to get the model again.
[[nodiscard]] nlohmann::json parse_model_object(std::string_view text, const std::string& where);

// The file at `path` by one of these. Errors name the path.
[[nodiscard]] nlohmann::json read_json_file(const std::filesystem::path& path);
[[nodiscard]] nlohmann::ordered_json read_record_file(const std::filesystem::path& path);
[[nodiscard]] nlohmann::json read_model_object(const std::filesystem::path& path);

// A value on one line, without its end. Bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string json_line(const nlohmann::ordered_json& value);

}  // namespace deepscaler
