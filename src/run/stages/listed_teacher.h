// A teacher that is not there itself: for each token of given completions a file has its most likely tokens
// and their log-probabilities, as `deepscaler score --top-tokens` writes them (generate/score_file.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/demonstration.h"
#include "run/stages/stage.h"
#include "train/top_tokens.h"

namespace deepscaler {

struct ListedTeacher {
  std::vector<Demonstration> completions;  // with their prompts
  std::map<std::string, std::vector<TopTokens>>
      opinions;  // by Demonstration::where, one for each learned token
};

// Reads the files one after the other. Throws Error naming file and line for a line that is not such a one,
// for tokens outside of the policy's vocabulary, for a text that is not that of the tokens, and for a
// temperature other than `temperature`, at which the policy is compared.
[[nodiscard]] ListedTeacher read_listed_teacher(const std::vector<std::string>& files, double temperature,
                                                const StageContext& context);

}  // namespace deepscaler
