// Rated answers: an answer to a prompt that is good or bad by itself, in TRL's format of unpaired
// preferences.
//
//   {"prompt": ..., "completion": ..., "label": true | false}     texts or messages, as data/demonstration.h
//
// Also a label of 1 or 0.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "data/demonstration.h"

namespace deepscaler {

struct RatedAnswer {
  Demonstration answer;
  bool is_good = false;
};

// Reads the files one after the other. Throws Error naming file and line for a record that is none of the
// above, and for no records at all.
[[nodiscard]] std::vector<RatedAnswer> read_rated_answers(std::span<const std::filesystem::path> files,
                                                          const PromptEncoder& encoder);

// The answer in one record. Throws Error naming `where`.
[[nodiscard]] RatedAnswer read_rated_answer(const nlohmann::ordered_json& record, const std::string& where,
                                            const PromptEncoder& encoder);

}  // namespace deepscaler
