// CSV (RFC 4180): a line of names, then records. A field in double quotes may hold separators, line breaks
// and doubled quotes.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace deepscaler {

// A row of a file, as an object with its columns or keys. `where` is its place: "problems.csv:12".
using OnRow = std::function<void(const nlohmann::ordered_json& row, const std::string& where)>;

// The separator is the comma, the semicolon or the tab: whichever the line of names has most of. Every value
// is a string. A byte order mark and empty lines are passed over. Throws Error with file and line for a quote
// that is not closed, text after a closing quote, text that is not UTF-8, a record with more or fewer fields
// than names, and a name that is empty or comes twice. `name` stands for the file in errors.
void for_each_csv_row(std::string_view text, const std::string& name, const OnRow& on_row);

}  // namespace deepscaler
