// BERT's tokenizer: text in lower case without accents, cut at white space and punctuation, and each word
// into the longest pieces that the vocabulary has (Devlin et al., 2018; the same as the BertNormalizer,
// BertPreTokenizer and WordPiece of Hugging Face's tokenizers).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace deepscaler {

// Const functions are thread-safe.
class Wordpiece {
 public:
  // `path` is a vocab.txt: a piece a line, its id the line's number from 0 on; pieces inside of a word begin
  // with "##". Throws Error naming the file, also where [CLS], [SEP], [PAD] or [UNK] is missing.
  explicit Wordpiece(const std::filesystem::path& path);

  // [CLS], the text's pieces, [SEP]: at most `longest` ids, of which the last pieces are left out. Names of
  // special tokens in the text are these tokens. Bytes that are no UTF-8 are passed over.
  [[nodiscard]] std::vector<int32_t> encode(std::string_view text, size_t longest) const;

  [[nodiscard]] int64_t size() const { return static_cast<int64_t>(ids_.size()); }

 private:
  [[nodiscard]] int32_t require(std::string_view piece, const std::string& where) const;
  void add_text(std::string_view text, std::vector<int32_t>& ids) const;
  void add_word(std::string_view word, std::vector<int32_t>& ids) const;

  std::unordered_map<std::string, int32_t> ids_;
  int32_t begin_ = 0, end_ = 0, unknown_ = 0;
};

}  // namespace deepscaler
