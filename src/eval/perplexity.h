// How well a model predicts a text, and how far its predictions are from those of another one: perplexity as
// llama-perplexity defines it (tools/perplexity of llama.cpp), and KL divergence from a base model, from
// whole distributions of logits.
//
// A text is cut into chunks of `context` tokens, each read as a text of its own; a model whose texts begin
// with bos reads it in place of a chunk's first token. The tokens of the second half but for its first are
// scored, so that each has been predicted from at least half a chunk.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/device.h"
#include "model/model.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

using TextChunks = std::vector<std::vector<TokenId>>;

// The chunks of a text; what is left at its end is dropped. Special tokens in the text are read as text.
// Throws Error naming `where` for a text shorter than a chunk.
[[nodiscard]] TextChunks text_chunks(const Tokenizer& tokenizer, std::string_view text, int64_t context,
                                     const std::string& where);

// A scored token.
struct Prediction {
  double log_prob = 0;
  // With a base model:
  double base_log_prob = 0;
  double divergence = 0;  // sum over tokens of p_base (ln p_base - ln p)
  bool same_top = false;  // both take the same token for the most likely one
};

// What the logits of a token's row say of it; `base` has those of the base model, or nothing.
[[nodiscard]] Prediction predict(std::span<const float> logits, std::span<const float> base, TokenId target);

// Predictions of all scored tokens, in order. `base` may be null; else it is of the same vocabulary. Throws
// Error where logits are not finite. `progress` is called with the chunks done so far.
[[nodiscard]] std::vector<Prediction> predict_text(const Model& model, const Model* base,
                                                   const TextChunks& chunks,
                                                   const std::function<void(int64_t)>& progress);

// An estimate and its standard error, tokens taken as independent.
struct Estimate {
  double value = 0, error = 0;
};

struct TextFit {
  int64_t tokens = 0;
  Estimate perplexity;
};
[[nodiscard]] TextFit text_fit(std::span<const Prediction> predictions);

struct Divergence {
  Estimate base_perplexity;
  Estimate log_ratio;   // ln(perplexity / base perplexity), errors paired by token
  Estimate divergence;  // nats a token
  double median = 0, percentile_99 = 0, largest = 0;
  Estimate same_top;         // share of tokens
  Estimate rms_probability;  // root of the mean square of p - p_base of the text's token
};
[[nodiscard]] Divergence divergence(std::span<const Prediction> predictions);

}  // namespace deepscaler
