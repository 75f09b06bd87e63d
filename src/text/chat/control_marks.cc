#include "text/chat/control_marks.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "text/unicode/unicode.h"

namespace deepscaler {
namespace {

using nlohmann::ordered_json;

// Noncharacters, which no text that is interchanged has (Unicode 15, section 23.7).
constexpr char32_t kFirstMark = 0xfdd0, kLastMark = 0xfdef;

bool is_control(const Tokenizer& tokenizer, TokenId id) {
  const std::string_view text = tokenizer.token_bytes(id);
  if (text.empty()) return false;
  if (tokenizer.is_special(id)) return true;
  const auto in = [&](std::string_view begin, std::string_view end) {
    return text.starts_with(begin) && text.ends_with(end);
  };
  return tokenizer.is_added(id) && (in("<|", "|>") || in("<\uff5c", "\uff5c>"));
}

std::vector<AddedToken> control_tokens(const Tokenizer& tokenizer) {
  std::vector<AddedToken> tokens;
  for (TokenId id = 0; id < tokenizer.size(); ++id) {
    if (is_control(tokenizer, id)) {
      tokens.push_back({.id = id, .content = std::string(tokenizer.token_bytes(id))});
    }
  }
  return tokens;
}

}  // namespace

ControlMarks::ControlMarks(const Tokenizer& tokenizer) : finder_(control_tokens(tokenizer)) {}

std::string ControlMarks::unused_mark(std::string_view text) {
  for (char32_t code = kFirstMark; code <= kLastMark; ++code) {
    std::string mark;
    append_utf8(code, mark);
    if (text.find(mark) == std::string_view::npos &&
        text.find(fmt::format("\\u{:04x}", uint32_t{code})) == text.npos)
      return mark;
  }
  throw Error("messages", "they hold all noncharacters from U+FDD0 to U+FDEF", "leave one of them out");
}

ordered_json ControlMarks::protect(const ordered_json& value, std::string_view mark) const {
  if (value.is_string()) return protect_text(value.get_ref<const std::string&>(), mark);
  if (!value.is_structured()) return value;
  ordered_json copy = value;
  for (ordered_json& inner : copy) inner = protect(inner, mark);
  return copy;
}

std::string ControlMarks::protect_text(std::string_view text, std::string_view mark) const {
  std::string marked;
  for (const TextSegment& segment : finder_.split(text, SpecialTokens::kFind)) {
    if (segment.token) marked += mark;
    marked += segment.text;
  }
  return marked;
}

MarkedText ControlMarks::take_out(std::string_view rendered, std::string_view mark) {
  const std::string escaped = fmt::format("\\u{:04x}", static_cast<uint32_t>(utf8_char_at(mark, 0).code));
  MarkedText result;
  while (!rendered.empty()) {
    const size_t plain = rendered.find(mark), as_json = rendered.find(escaped);
    const size_t end = std::min({plain, as_json, rendered.size()});
    result.text += rendered.substr(0, end);
    if (end == rendered.size()) break;
    result.plain_at.push_back(result.text.size());
    rendered.remove_prefix(end + (plain < as_json ? mark.size() : escaped.size()));
  }
  return result;
}

}  // namespace deepscaler
