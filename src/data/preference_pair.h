// Preference pairs: two answers to one prompt, of which one is better; in the formats of TRL's DPOTrainer.
//
//   {"prompt": "text", "chosen": "text", "rejected": "text"}       plain text, without a chat template
//   {"prompt": [...], "chosen": [...], "rejected": [...]}          messages, through the chat template
//   {"chosen": ..., "rejected": ...}                               the prompt is what both begin with
//   {"prompt": "text", "chosen": [...], "rejected": [...]}         the same; the text repeats it
//   (UltraFeedback)
//
// Of two texts without a prompt the common beginning is it, up to a last space, which belongs to the answers
// as in TRL; of two lists the common messages, as RLHFlow writes its pairs. Each answer becomes a
// demonstration (data/demonstration.h): it is learned up to the token that ends it. A record may hold
// "ref_chosen_logps" and "ref_rejected_logps", the log-probabilities of the answers by a reference, as TRL's
// precompute_ref_log_probs writes them, and a "margin", by which a reward model's scores are to differ.
// "tools" and "chat_template_kwargs" go to the chat template; other keys are ignored.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/demonstration.h"

namespace deepscaler {

struct PreferencePair {
  Demonstration chosen, rejected;  // with the same tokens before the first learned one
  // Log-probabilities of the answers by a reference, sums over their tokens.
  std::optional<double> reference_chosen, reference_rejected;
  std::optional<double> margin;

  [[nodiscard]] int64_t longest() const {  // of the two, in tokens
    return std::max(std::ssize(chosen.tokens), std::ssize(rejected.tokens));
  }
};

// Reads the files one after the other. Throws Error naming file and line for a record that is none of the
// above, whose answers are equal, or that has no prompt; and for no records at all.
[[nodiscard]] std::vector<PreferencePair> read_preference_pairs(std::span<const std::filesystem::path> files,
                                                                const PromptEncoder& encoder);

// The pair in one record. Throws Error naming `where`.
[[nodiscard]] PreferencePair read_preference_pair(const nlohmann::ordered_json& record,
                                                  const std::string& where, const PromptEncoder& encoder);

}  // namespace deepscaler
