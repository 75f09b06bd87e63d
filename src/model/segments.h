// What one forward pass computes: rows of tokens, and how they hang together.
//
// A sequence is a prompt and a response. A group is a prompt with the responses that share it. The
// prompt's rows are computed once; each response is a segment of its own that attends to the prompt's
// keys and to its own. Sequences are packed one after the other and never see each other.
//
// Only what a loss needs is computed: where a loss goes by the rows that predict, the last token of a
// response is never read.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "model/kv_cache.h"
#include "ops/attention/attention.h"

namespace deepscaler {

// Input of a forward pass over T rows. Views into it are valid while it lives and is unchanged.
struct ForwardBatch {
  std::vector<int32_t> tokens;     // [T]
  std::vector<int32_t> positions;  // [T], in their sequence
  std::vector<AttentionSpan> spans;
  std::vector<BlockCopy> copies;  // done in each layer before attention

  [[nodiscard]] int64_t rows() const { return std::ssize(tokens); }
};

// A prompt and its responses, as token numbers. Views: the tokens live elsewhere.
struct TokenGroup {
  std::span<const int32_t> prompt;  // at least one token
  std::vector<std::span<const int32_t>> responses;
  // For each response, which of its tokens have a loss (1) and which are only read (0), as what a user
  // says between two answers. Empty: all of all responses.
  std::vector<std::span<const uint8_t>> in_loss;
  std::string_view name;  // of the problem or example, for messages; may be empty
};

// Which row belongs to a token of a response.
enum class TokenRow {
  kBefore,  // the one that predicts it: log-probabilities, and the value of the state in which it is chosen
  kAt,      // the one that has read it: scores of what is written so far
};

// A token that a loss looks at: `row` belongs to `target`, which is number `token` of response
// `response` of group `group` (numbers in the input of pack_groups).
struct PredictedToken {
  int64_t row;
  int32_t target;
  int32_t group;
  int32_t response;
  int32_t token;
};

struct MicroBatch {
  ForwardBatch forward;
  std::vector<PredictedToken> predicted;           // by group, response, token
  std::vector<std::vector<int32_t>> block_tables;  // what the spans point to
  int64_t blocks = 0;                              // of a KvCache, numbered from 0
};

// Cuts groups into micro-batches of at most `token_budget` rows, in order. A group is split only where
// it does not fit whole (its prompt is then computed once in each part); a single sequence longer than
// the budget makes a micro-batch of its own. Responses without tokens are left out.
[[nodiscard]] std::vector<MicroBatch> pack_groups(std::span<const TokenGroup> groups, int64_t token_budget,
                                                  TokenRow token_row = TokenRow::kBefore);

}  // namespace deepscaler
