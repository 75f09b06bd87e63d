#include "model/segments.h"

#include <algorithm>

#include "base/error.h"

namespace deepscaler {
namespace {

class Packer {
 public:
  Packer(int64_t token_budget, TokenRow token_row) : token_budget_(token_budget), token_row_(token_row) {}

  void add(const TokenGroup& group, int32_t number) {
    DEEPSCALER_CHECK(!group.prompt.empty());
    DEEPSCALER_CHECK(group.in_loss.empty() || group.in_loss.size() == group.responses.size());
    int64_t whole = std::ssize(group.prompt);
    for (const auto& response : group.responses) whole += std::max<int64_t>(0, rows_of_response(response));
    if (!fits(whole)) finish();
    bool prompt_there = false;
    for (size_t r = 0; r < group.responses.size(); ++r) {
      const auto response = group.responses[r];
      if (response.empty()) continue;
      if (prompt_there && !fits(rows_of_response(response))) {
        finish();
        prompt_there = false;
      }
      if (!prompt_there) add_prompt(group.prompt);
      prompt_there = true;
      add_response(response, group.in_loss.empty() ? std::span<const uint8_t>() : group.in_loss[r], number,
                   static_cast<int32_t>(r));
    }
  }

  std::vector<MicroBatch> take() {
    finish();
    return std::move(done_);
  }

 private:
  // Rows that a response adds to its prompt's.
  [[nodiscard]] int64_t rows_of_response(std::span<const int32_t> response) const {
    return std::ssize(response) - (token_row_ == TokenRow::kBefore ? 1 : 0);
  }

  [[nodiscard]] bool fits(int64_t rows) const { return batch_.forward.rows() + rows <= token_budget_; }

  void finish() {
    if (batch_.forward.tokens.empty()) return;
    for (size_t i = 0; i < batch_.block_tables.size(); ++i) {
      batch_.forward.spans[i].blocks = batch_.block_tables[i].data();
    }
    done_.push_back(std::move(batch_));
    batch_ = {};
  }

  void add_rows(std::span<const int32_t> tokens, int64_t first_position) {
    ForwardBatch& f = batch_.forward;
    for (size_t i = 0; i < tokens.size(); ++i) {
      f.tokens.push_back(tokens[i]);
      f.positions.push_back(static_cast<int32_t>(first_position + static_cast<int64_t>(i)));
    }
  }

  void add_prompt(std::span<const int32_t> prompt) {
    prompt_first_row_ = batch_.forward.rows();
    prompt_length_ = std::ssize(prompt);
    std::vector<int32_t> table;
    for (int64_t b = 0; b < blocks_for(prompt_length_); ++b) table.push_back(new_block());
    batch_.forward.spans.push_back({prompt_first_row_, prompt_length_, 0, nullptr});
    batch_.block_tables.push_back(table);
    prompt_table_ = std::move(table);
    add_rows(prompt, 0);
  }

  void add_response(std::span<const int32_t> response, std::span<const uint8_t> in_loss, int32_t group,
                    int32_t number) {
    DEEPSCALER_CHECK(in_loss.empty() || in_loss.size() == response.size());
    const int64_t rows = rows_of_response(response), first_row = batch_.forward.rows();
    for (int64_t t = 0; t < std::ssize(response); ++t) {
      if (!in_loss.empty() && in_loss[static_cast<size_t>(t)] == 0) continue;
      const int64_t reads = token_row_ == TokenRow::kAt ? t : t - 1;  // the last token that the row has read
      const int64_t row = reads < 0 ? prompt_first_row_ + prompt_length_ - 1 : first_row + reads;
      batch_.predicted.push_back(
          {row, response[static_cast<size_t>(t)], group, number, static_cast<int32_t>(t)});
    }
    if (rows == 0) return;
    const int64_t shared = prompt_length_ / kKeysPerBlock, partial = prompt_length_ % kKeysPerBlock;
    std::vector<int32_t> table(prompt_table_.begin(), prompt_table_.begin() + shared);
    for (int64_t b = shared; b < blocks_for(prompt_length_ + rows); ++b) table.push_back(new_block());
    if (partial > 0) {
      batch_.forward.copies.push_back({prompt_table_.back(), table[static_cast<size_t>(shared)], partial});
    }
    batch_.forward.spans.push_back({first_row, rows, prompt_length_, nullptr, prompt_first_row_});
    batch_.block_tables.push_back(std::move(table));
    add_rows(response.first(static_cast<size_t>(rows)), prompt_length_);
  }

  int32_t new_block() { return static_cast<int32_t>(batch_.blocks++); }

  int64_t token_budget_;
  TokenRow token_row_;
  MicroBatch batch_;
  std::vector<MicroBatch> done_;
  std::vector<int32_t> prompt_table_;
  int64_t prompt_first_row_ = 0;
  int64_t prompt_length_ = 0;
};

}  // namespace

std::vector<MicroBatch> pack_groups(std::span<const TokenGroup> groups, int64_t token_budget,
                                    TokenRow token_row) {
  Packer packer(token_budget, token_row);
  for (size_t g = 0; g < groups.size(); ++g) packer.add(groups[g], static_cast<int32_t>(g));
  return packer.take();
}

}  // namespace deepscaler
