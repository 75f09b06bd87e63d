// Stepwise answers: an answer to a problem, cut into steps of which each is right or wrong. Read as they are
// published:
//
//   {"prompt": ..., "completions": [step, ...], "labels": [true | false, ...]}    TRL's stepwise supervision
//   {"input": "problem Step 1: ... ки\nStep 2: ... ки", "label": "... +\n... -"}  Math-Shepherd
//   {"question": {"problem"}, "label": {"steps": [{"completions": [{"text", "rating"}],
//       "human_completion", "chosen_completion"}]}}                               PRM800K
//
// A prompt that is a text is a problem and gets the recipe's [prompt], as in reinforcement learning; one that
// is a list of messages goes through the chat template. Labels may be 1 and 0. Of PRM800K the trajectory that
// the labeller went along, to a step that nothing was chosen for, whose first completion is the last one
// read. A step is wrong where its rating is -1. A 0 is "neutral": "it isn't incorrect, but it does not make
// any progress" (PRM800K's README), and such steps are right, as in Lightman et al. 2023 (arXiv:2305.20050,
// appendix F), where they count as positive in a solution's score.
//
// Steps stand in the answer with a separator between them; blanks around a step are dropped, and so are steps
// without text. A step ends at the token that holds its separator's last byte, the last step at the answer's
// end token, which no step may hold. These tokens are found in the whole answer's tokens by what they decode
// to, so it does not matter with what a separator merges. Where two steps end in one token, its label is
// right if both are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "data/prompt_encoder.h"

namespace deepscaler {

struct StepwiseAnswer {
  std::string where;  // "steps.jsonl:3"
  std::vector<TokenId> prompt;
  std::vector<TokenId> response;  // its end token included
  std::vector<uint8_t> is_end;    // [response] 1 where a step ends
  std::vector<uint8_t> is_right;  // [response] where a step ends: whether the step is right

  [[nodiscard]] int64_t tokens() const { return std::ssize(prompt) + std::ssize(response); }
};

// Reads the files one after the other. PRM800K has answers that nobody rated: they are left out, with a
// warning of how many. Throws Error naming file and line for a record that is none of the above, and for no
// stepwise answers at all.
[[nodiscard]] std::vector<StepwiseAnswer> read_stepwise_answers(std::span<const std::filesystem::path> files,
                                                                const PromptEncoder& encoder,
                                                                const std::string& separator);

// The answer in one record; without tokens where nobody rated it. Throws Error naming `where`.
[[nodiscard]] StepwiseAnswer read_stepwise_answer(const nlohmann::ordered_json& record,
                                                  const std::string& where, const PromptEncoder& encoder,
                                                  const std::string& separator);

}  // namespace deepscaler
