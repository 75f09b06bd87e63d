#include "text/tokenizer/added_tokens.h"

#include <algorithm>

#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

bool touches_a_word(std::string_view text, size_t begin, size_t end) {
  return (begin > 0 && is_word(utf8_char_before(text, begin).code)) ||
         (end < text.size() && is_word(utf8_char_at(text, end).code));
}

size_t without_space_before(std::string_view text, size_t begin) {
  while (begin > 0) {
    const Utf8Char before = utf8_char_before(text, begin);
    if (!is_white_space(before.code)) break;
    begin -= before.bytes;
  }
  return begin;
}

size_t with_space_after(std::string_view text, size_t end) {
  while (end < text.size()) {
    const Utf8Char after = utf8_char_at(text, end);
    if (!is_white_space(after.code)) break;
    end += after.bytes;
  }
  return end;
}

}  // namespace

AddedTokenFinder::AddedTokenFinder(const std::vector<AddedToken>& tokens) : tokens_(tokens), nodes_(1) {
  for (uint32_t token = 0; token < tokens_.size(); ++token) insert(token);
}

void AddedTokenFinder::insert(uint32_t token) {
  const std::string& content = tokens_[token].content;
  if (content.empty()) return;
  first_bytes_[static_cast<unsigned char>(content[0])] = true;
  uint32_t node = 0;
  for (const char c : content) {
    const auto byte = static_cast<unsigned char>(c);
    auto& children = nodes_[node].children;
    const auto place =
        std::ranges::lower_bound(children, byte, {}, [](const auto& child) { return child.first; });
    if (place != children.end() && place->first == byte) {
      node = place->second;
    } else {
      const auto added = static_cast<uint32_t>(nodes_.size());
      children.insert(place, {byte, added});
      nodes_.emplace_back();
      node = added;
    }
  }
  nodes_[node].token = token;
}

std::optional<AddedTokenFinder::Match> AddedTokenFinder::longest_at(std::string_view text,
                                                                    size_t begin) const {
  std::optional<Match> longest;
  uint32_t node = 0;
  for (size_t at = begin; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const auto& children = nodes_[node].children;
    const auto child =
        std::ranges::lower_bound(children, byte, {}, [](const auto& pair) { return pair.first; });
    if (child == children.end() || child->first != byte) break;
    node = child->second;
    if (nodes_[node].token) longest = Match{begin, at + 1, *nodes_[node].token};
  }
  return longest;
}

std::optional<AddedTokenFinder::Match> AddedTokenFinder::find(std::string_view text, size_t from) const {
  for (size_t at = from; at < text.size(); ++at) {
    if (!first_bytes_[static_cast<unsigned char>(text[at])]) continue;
    if (const auto match = longest_at(text, at)) return match;
  }
  return std::nullopt;
}

std::vector<TextSegment> AddedTokenFinder::split(std::string_view text, SpecialTokens special,
                                                 std::span<const char* const> plain_at) const {
  std::vector<TextSegment> segments;
  size_t done = 0;
  const auto add_plain = [&](size_t end) {
    if (end > done) segments.push_back({text.substr(done, end - done), std::nullopt});
  };
  size_t from = 0;
  while (const auto match = find(text, from)) {
    if (std::ranges::binary_search(plain_at, text.data() + match->begin)) {
      from = match->begin + 1;
      continue;
    }
    from = match->end;
    const AddedToken& token = tokens_[match->token];
    if (token.special && special == SpecialTokens::kLeaveAsText) continue;
    if (token.single_word && touches_a_word(text, match->begin, match->end)) continue;
    size_t begin = match->begin;
    size_t end = match->end;
    if (token.lstrip) begin = without_space_before(text, begin);
    if (token.rstrip) end = with_space_after(text, end);
    begin = std::max(begin, done);  // the token before may have taken that space already
    end = std::max(end, begin);
    add_plain(begin);
    segments.push_back({text.substr(begin, end - begin), token.id});
    done = end;
  }
  add_plain(text.size());
  return segments;
}

}  // namespace deepscaler
