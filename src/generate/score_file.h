// Log-probabilities of given responses, computed as training computes them: the lines of a generation file
// with new "logprobs". Lines that the same model, precision and kernels have generated come out as they are,
// to the last bit. With them go the most likely tokens, where they are asked for: "top_token_ids" and
// "top_logprobs", a list for each token, by the softmax at the line's temperature.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "engine/engine.h"

namespace deepscaler {

// The keys of the most likely tokens.
inline constexpr const char* kTopTokenIds = "top_token_ids";
inline constexpr const char* kTopLogProbs = "top_logprobs";

struct ScoreJob {
  std::filesystem::path input, output;
  std::string model;       // where the engine's model is from, for messages
  int64_t top_tokens = 0;  // so many of the most likely tokens are written beside each token
};

// How recorded and computed log-probabilities compare.
struct ScoreComparison {
  int64_t responses = 0, tokens = 0;
  int64_t compared = 0;   // tokens that had a log-probability before
  int64_t different = 0;  // of these, in any bit
  double largest_difference = 0;
};

// Reads lines in batches, each of one temperature, scores them and writes them. `progress` is called with the
// tokens done so far. Throws Error for a line that can't be scored, naming it. The
// output is begun anew. Throws Interrupted after a signal; the output then has whole lines.
ScoreComparison score_file(Engine& engine, const ScoreJob& job,
                           const std::function<void(int64_t tokens)>& progress = {});

}  // namespace deepscaler
