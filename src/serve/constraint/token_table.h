// The tokens of a model as bytes, in the order of their bytes: which of them an answer may go on with is
// found in one walk, that sees what tokens have in common once. Within a string, where most of them may come,
// those of whole characters are only counted.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "serve/constraint/json_progress.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

// Immutable, thread-safe. Special and other added tokens are no text of a JSON value.
class TokenTable {
 public:
  // Of a vocabulary of that size, of which `ends` end a response.
  TokenTable(const Tokenizer& tokenizer, int64_t vocabulary, std::vector<int32_t> ends);

  // Throws Error where some JSON text can't be written: a byte without a token, or no end.
  void require_all_bytes() const;

  // In rising order: the tokens that `progress` may go on with, and where it is a whole value the ends.
  [[nodiscard]] std::vector<int32_t> allowed(const JsonProgress& progress) const;

  // As the response's text has them: nothing where a token is special.
  [[nodiscard]] std::string_view bytes(int32_t token) const { return bytes_[static_cast<size_t>(token)]; }
  // All but the ends, in rising order.
  [[nodiscard]] std::span<const int32_t> going_on() const { return going_on_; }
  // The token <think>, where it is one that a response's text shows.
  [[nodiscard]] std::optional<int32_t> opens_thoughts() const { return opens_thoughts_; }

 private:
  struct Entry {
    int32_t token;
    uint32_t shared;  // bytes with the entry before
  };

  // Of characters that stand in a string as they are.
  struct Plain {
    int32_t token;
    uint32_t characters;
  };

  static void share(std::vector<Entry>& entries, const std::vector<std::string>& bytes);
  void walk(std::span<const Entry> entries, const JsonProgress& progress,
            std::vector<bool>& is_allowed) const;

  std::vector<std::string> bytes_;  // by token
  std::vector<Entry> sorted_;       // all that are text,
  std::vector<Entry> others_;       // and those of them that are not plain
  std::vector<Plain> plain_;
  size_t longest_ = 0;
  std::vector<int32_t> ends_, going_on_;
  std::optional<int32_t> opens_thoughts_;
};

}  // namespace deepscaler
