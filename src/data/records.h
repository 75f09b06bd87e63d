// The records of a data file, one by one: the elements of a JSON array, or the values of JSON Lines.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace deepscaler {

// `where` is the place of a record, for errors: "train.jsonl:3", or "train.json: element 3".
using OnRecord = std::function<void(const nlohmann::ordered_json& record, const std::string& where)>;

// Throws Error naming file and line (or byte) for what is not JSON.
void for_each_record(const std::filesystem::path& path, const OnRecord& on_record);

}  // namespace deepscaler
