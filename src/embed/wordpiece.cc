#include "embed/wordpiece.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/file.h"
#include "text/unicode/character_facts.h"
#include "text/unicode/normalize.h"
#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

constexpr std::array<std::string_view, 5> kSpecial = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

bool is_space(char32_t code) { return code == '\t' || code == '\n' || code == '\r' || is_white_space(code); }

bool is_dropped(char32_t code) {
  constexpr char32_t kReplacement = 0xfffd;
  const Category category = category_of(code);
  return code == 0 || code == kReplacement || (category >= Category::kCc && category != Category::kCn);
}

bool is_ideograph(char32_t code) {
  constexpr std::pair<char32_t, char32_t> kRanges[] = {
      {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xf900, 0xfaff},   {0x20000, 0x2a6df},
      {0x2a700, 0x2b73f}, {0x2b740, 0x2b81f}, {0x2b920, 0x2ceaf}, {0x2f800, 0x2fa1f}};
  return std::ranges::any_of(
      kRanges, [code](const auto& range) { return code >= range.first && code <= range.second; });
}

bool is_punctuation(char32_t code) {
  constexpr char32_t kAscii = 0x80;
  if (code < kAscii) {
    const bool is_word =
        (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
    return code > ' ' && code < kAscii - 1 && !is_word;
  }
  const Category category = category_of(code);
  return category >= Category::kPc && category <= Category::kPo;
}

// White space as blanks, ideographs between blanks; then lower case without marks.
std::string normalized(std::string_view text) {
  std::string clean;
  for (size_t at = 0; at < text.size();) {
    const auto [code, bytes] = utf8_char_at(text, at);
    at += bytes;
    if (is_space(code)) {
      clean += ' ';
    } else if (!is_dropped(code)) {
      if (is_ideograph(code)) clean += ' ';
      append_utf8(code, clean);
      if (is_ideograph(code)) clean += ' ';
    }
  }
  const std::string plain = nfd(clean);
  std::string lower;
  for (size_t at = 0; at < plain.size();) {
    const auto [code, bytes] = utf8_char_at(plain, at);
    at += bytes;
    if (category_of(code) != Category::kMn) append_utf8(lower_case(code), lower);
  }
  return lower;
}

}  // namespace

Wordpiece::Wordpiece(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string piece = text.substr(at, end - at);
    if (piece.ends_with('\r')) piece.pop_back();
    if (!ids_.emplace(std::move(piece), static_cast<int32_t>(ids_.size())).second)
      throw Error(path.string(), fmt::format("line {} is there twice", ids_.size() + 1),
                  "get the file again");
    at = end + 1;
  }
  begin_ = require("[CLS]", path.string());
  end_ = require("[SEP]", path.string());
  unknown_ = require("[UNK]", path.string());
}

int32_t Wordpiece::require(std::string_view piece, const std::string& where) const {
  const auto found = ids_.find(std::string(piece));
  if (found == ids_.end())
    throw Error(where, fmt::format("has no {}", piece), "name the vocab.txt of a BERT model");
  return found->second;
}

std::vector<int32_t> Wordpiece::encode(std::string_view text, size_t longest) const {
  const std::string valid = repaired_utf8(text);
  std::vector<int32_t> ids = {begin_};
  const std::string_view whole = valid;
  for (size_t at = 0; at < whole.size();) {
    // The next special token, and the text before it.
    size_t next = whole.size();
    std::string_view token;
    for (const std::string_view special : kSpecial) {
      const size_t found = whole.find(special, at);
      if (found < next && ids_.contains(std::string(special))) next = found, token = special;
    }
    add_text(whole.substr(at, next - at), ids);
    if (!token.empty()) ids.push_back(ids_.at(std::string(token)));
    at = next + token.size();
  }
  ids.resize(std::min(ids.size(), longest - 1));
  ids.push_back(end_);
  return ids;
}

void Wordpiece::add_text(std::string_view text, std::vector<int32_t>& ids) const {
  const std::string normal = normalized(text);
  size_t begin = 0;
  const auto end_word = [&](size_t end) {
    if (end > begin) add_word(std::string_view(normal).substr(begin, end - begin), ids);
  };
  for (size_t at = 0; at < normal.size();) {
    const auto [code, bytes] = utf8_char_at(normal, at);
    if (is_space(code) || is_punctuation(code)) {
      end_word(at);
      begin = at;
      if (is_punctuation(code)) end_word(at + bytes);
      begin = at + bytes;
    }
    at += bytes;
  }
  end_word(normal.size());
}

void Wordpiece::add_word(std::string_view word, std::vector<int32_t>& ids) const {
  constexpr size_t kMostCharacters = 100;
  std::vector<size_t> ends;  // of its characters
  for (size_t at = 0; at < word.size();) ends.push_back(at += utf8_char_at(word, at).bytes);
  if (ends.size() > kMostCharacters) return ids.push_back(unknown_);
  std::vector<int32_t> pieces;
  for (size_t begin = 0, from = 0; begin < word.size();) {
    size_t to = ends.size();
    for (; to > from; --to) {
      const std::string_view part = word.substr(begin, ends[to - 1] - begin);
      const auto found = ids_.find((begin == 0 ? "" : "##") + std::string(part));
      if (found == ids_.end()) continue;
      pieces.push_back(found->second);
      break;
    }
    if (to == from) return ids.push_back(unknown_);
    begin = ends[to - 1];
    from = to;
  }
  ids.insert(ids.end(), pieces.begin(), pieces.end());
}

}  // namespace deepscaler
